"""Names that say how many there are: `rgb` has three channels, `xyz` three coordinates, `rgba` four."""

from __future__ import annotations

import re

from fusewright_harness.call_trace import words

_SPELLED = {
    2: words("xy yx uv"),
    3: words("xyz zyx rgb bgr hsv hsl yuv ycbcr"),
    4: words("rgba bgra argb xyzw wxyz xywh xyxy cxcywh cmyk quat quats quaternion quaternions"),
}
_PARTS = re.compile(r"[A-Za-z]+")


def spells(code: str, size: int) -> bool:
    """Whether a text speaks of what there are exactly ``size`` of.

    Who computes with colours writes their three channels down, wherever among a tensor's dimensions they stand.
    """
    wanted = _SPELLED.get(size)
    return wanted is not None and not wanted.isdisjoint(part.lower() for part in _PARTS.findall(code))
