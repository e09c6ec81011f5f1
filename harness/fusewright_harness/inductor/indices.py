"""What a kernel's own indices, masks and blocks are called, by what it walks over."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

from fusewright_harness.inductor.names import Names
from fusewright_harness.inductor.program import Kernel

_PRODUCT = {
    "Y": ("rows", "row"),
    "X": ("columns", "column"),
    "R0_": ("inner", "inner"),
    "Z": ("batch", "batch"),
}
"""What a matrix product walks over."""
_WINDOW = {"X": ("places", "place"), "R0_": ("taps", "tap")}
"""What a window is at, and its elements."""


@dataclass
class Indices:
    """The names of each axis."""

    words: dict[str, tuple[str, str]]
    """The plural and the singular of what lies along an axis: ``X`` gives rows and row."""
    names: dict[str, str] = field(default_factory=dict)
    """Our names for Inductor's indices, masks and blocks."""

    @staticmethod
    def of(kernel: Kernel, renamed: dict[str, str], names: Names, windows: Set[str] = frozenset()) -> Indices:
        """The names for ``kernel``, whose parameters are ``renamed``; ``windows`` of them say what a window is."""
        axes = [f"{hint.upper()}" for hint in kernel.size_hints]
        if kernel.kind == "product":
            words = dict(_PRODUCT)
        elif axes == ["X", "R0_"] and renamed.get("r0_numel") in windows:
            words = dict(_WINDOW)
        else:
            words = _words(axes, renamed)
        indices = Indices(words)
        for axis, (plural, singular) in indices.words.items():
            small = axis.lower()
            alone = len(axes) == 1
            block = "BLOCK_SIZE" if alone else f"BLOCK_{plural.upper()}"
            chosen = {
                f"{axis}BLOCK": block,
                f"{small}index": plural,
                f"{small}mask": "mask" if alone else f"{singular}_mask",
                f"{small}offset": f"first_{singular}",
                f"{small}base": f"{plural}_in_block",
            }
            for inductor, ours in chosen.items():
                indices.names[inductor] = names.fresh(ours)
        return indices


def _words(axes: list[str], renamed: dict[str, str]) -> dict[str, tuple[str, str]]:
    rows, columns = ("rows", "row"), ("columns", "column")
    if axes == ["X"]:
        return {"X": ("offsets", "offset")}
    reduced = [axis for axis in axes if axis.startswith("R")]
    kept = [axis for axis in axes if axis not in reduced]
    across = renamed.get("r0_numel") == "n_rows" or renamed.get("xnumel") == "n_columns"
    batches = ("batches", "batch")
    words: dict[str, tuple[str, str]] = {}
    if not reduced:
        words.update(zip(sorted(kept), [columns, rows, batches], strict=False))
    else:
        words.update(
            zip(sorted(kept), [columns if across else rows, batches, ("blocks", "block")], strict=False)
        )
        words.update(zip(reduced, [rows if across else columns, ("steps", "step")], strict=False))
    return words
