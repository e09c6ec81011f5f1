"""Small kernels with known results, run in the mended interpreter before it is trusted with anything.

Each check belongs to some operations. Where it fails those refuse to run, in a sentence, and the others are used; a
failed check of what every kernel does refuses all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import triton.language as tl
from triton.runtime.autotuner import Autotuner
from triton.runtime.interpreter import InterpreterBuilder

from . import bfloat16, casts, vouching
from .known_results import CHECKS

_BFLOAT16 = ((bfloat16, "round_to_nearest"), (bfloat16, "from_bits"), (bfloat16, "to_bits"))
_BUILDER = InterpreterBuilder
_VOUCHED_FOR: dict[str, tuple[tuple[Any, str], ...]] = {
    "bfloat16 arithmetic": _BFLOAT16,
    "bfloat16 reductions": _BFLOAT16,
    "reductions": ((tl, "reduce"), (tl.core, "reduce")),
    "scans": ((tl, "associative_scan"), (tl.core, "associative_scan")),
    "float32 products": ((_BUILDER, "create_dot"),),
    "float16 products": ((_BUILDER, "create_dot"),),
    "bfloat16 products": ((_BUILDER, "create_dot"),),
    "atomics": ((_BUILDER, "create_atomic_rmw"), (_BUILDER, "create_atomic_cas")),
    "float8 conversions": ((casts, "float8_to_float32"), (casts, "_float32_to_float8")),
    "histograms": ((_BUILDER, "create_histogram"),),
    "random numbers": ((tl.random, "philox_impl"),),
    "sorting": ((tl, "sort"), (tl, "topk")),
    "libdevice": ((_BUILDER, "create_extern_elementwise"),),
    "autotune": ((Autotuner, "run"),),
    "tensor descriptors": ((_BUILDER, "create_make_tensor_descriptor"),),
    "scaled products": ((_BUILDER, "create_dot_scaled"),),
}
"""The functions, by owner and name, that a check vouches for. One that is not here vouches for all."""


@dataclass(frozen=True)
class Failure:
    """A check that did not pass: its name, why as far as an error says so, and whether it refuses all kernels."""

    name: str
    reason: str
    fundamental: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})" if self.reason else self.name


def failures() -> list[Failure]:
    """The checks that did not pass."""
    from . import autotuning

    wrong = []
    for name, check in CHECKS.items():
        try:
            if check():
                continue
            reason = ""
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        wrong.append(Failure(name, reason, name not in _VOUCHED_FOR))
    autotuning.forget()
    return wrong


def refuse(failure: Failure) -> None:
    """Make the operations that ``failure`` is about say that they cannot be vouched for."""
    for owner, attribute in _VOUCHED_FOR.get(failure.name, ()):
        if hasattr(owner, attribute):
            vouching.refuse(owner, attribute, failure.name)
