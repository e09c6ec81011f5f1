"""The versions of torch whose TorchInductor is understood here.

Emitting without a GPU and making the result standalone both reach into torch's internals, so a version counts once the
tests of this package have passed on it.
"""

from __future__ import annotations

import re

import torch
import triton

TESTED = ((2, 11), (2, 15))
"""The oldest and the newest version of torch that the tests were run on."""


def refusal(torch_version: str = torch.__version__, triton_version: str = triton.__version__) -> str | None:
    """Why TorchInductor cannot be asked in this environment, as a sentence; None where it can."""
    oldest, newest = TESTED
    found = _numbers(torch_version)
    if oldest <= found <= newest:
        return None
    return (
        f"TorchInductor's kernels are made standalone on torch {_text(oldest)} to {_text(newest)}; this is "
        f"{_text(found)} (with triton {triton_version}): `fusewright setup` makes an environment that has one of them, "
        "or choose another writer under [model]"
    )


def _numbers(version: str) -> tuple[int, int]:
    match = re.match(r"(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _text(numbers: tuple[int, int]) -> str:
    return ".".join(map(str, numbers))
