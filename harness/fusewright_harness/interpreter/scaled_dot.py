"""``tl.dot_scaled``: products of narrow floats that share a scale block by block (the OCP microscaling formats)."""

from __future__ import annotations

from typing import Any

import numpy as np
import triton.language as tl
from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

from . import casts, upstream
from .rewriting import unwrap

# The sixteen values of e2m1, by their bits.
_E2M1 = np.array(
    [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0], dtype=np.float32
)
_FLOAT8 = {"E4M3": tl.float8e4nv, "E5M2": tl.float8e5}
_SCALE_BIAS = 127
_SCALE_NAN = 255


class _Format(str):
    """A format's name, which some versions of triton want as it is and some as a constant's ``value``."""

    __slots__ = ()

    @property
    def value(self) -> str:
        return str(self)


def _operand(handle: TensorHandle, kind: Any, axis: int) -> np.ndarray:
    """The float32 values of an operand; ``axis`` is the one along which two e2m1 share a byte."""
    name = kind.name
    if name == "E2M1":
        packed = np.moveaxis(handle.data.view(np.uint8), axis, -1)
        # The lower four bits come first.
        pairs = np.stack([_E2M1[packed & 15], _E2M1[packed >> 4]], axis=-1)
        return np.moveaxis(pairs.reshape(*packed.shape[:-1], -1), -1, axis)
    if name in _FLOAT8:
        return casts.float8_to_float32(handle.data.view(np.uint8), _FLOAT8[name])
    return handle.data.astype(np.float32)


def _scale(handle: TensorHandle) -> np.ndarray:
    scalar = handle.dtype.scalar
    if scalar.is_fp8():
        return casts.float8_to_float32(handle.data, scalar)
    exponents = handle.data.view(np.uint8).astype(np.int32)
    values = np.ldexp(np.float32(1.0), exponents - _SCALE_BIAS).astype(np.float32)
    return np.where(exponents == _SCALE_NAN, np.float32(np.nan), values)


def _dot_scaled(
    _builder: Any,
    lhs: TensorHandle,
    lhs_scale: TensorHandle | None,
    lhs_kind: Any,
    rhs: TensorHandle,
    rhs_scale: TensorHandle | None,
    rhs_kind: Any,
    *rest: Any,
) -> TensorHandle:
    # Newer versions hand over `fast_math` and along which axis each side is packed, before the accumulator.
    *options, accumulator = rest
    lhs_along_k, rhs_along_k = (
        (bool(option) for option in options[1:3]) if len(options) >= 3 else (True, True)
    )
    left = _operand(lhs, lhs_kind, -1 if lhs_along_k else -2)
    right = _operand(rhs, rhs_kind, -2 if rhs_along_k else -1)
    if lhs_scale is not None:
        scale = _scale(lhs_scale)
        left = left * np.repeat(scale, left.shape[-1] // scale.shape[-1], axis=-1)
    if rhs_scale is not None:
        scale = _scale(rhs_scale)
        # The right side's scales lie as its columns do: [N, K / group].
        spread = np.repeat(scale, right.shape[-2] // scale.shape[-1], axis=-1)
        right = right * np.swapaxes(spread, -1, -2)
    total = np.matmul(left, right) + accumulator.data
    return TensorHandle(total.astype(accumulator.data.dtype), accumulator.dtype.scalar)


def install() -> None:
    """Replace the builder's ``create_dot_scaled``, and take formats as the compiler does: as constants."""
    InterpreterBuilder.create_dot_scaled = _dot_scaled
    original = tl.dot_scaled
    old = "_builder" in upstream.semantic_keywords()

    def dot_scaled(
        lhs: Any,
        lhs_scale: Any,
        lhs_format: Any,
        rhs: Any,
        rhs_scale: Any,
        rhs_format: Any,
        *arguments: Any,
        **options: Any,
    ) -> Any:
        formats = (_Format(unwrap(lhs_format)), _Format(unwrap(rhs_format)))
        if old and rhs_scale is None:
            rhs_scale = tl.constexpr(None)
        plain = {name: unwrap(value) for name, value in options.items()}
        return original(lhs, lhs_scale, formats[0], rhs, rhs_scale, formats[1], *arguments, **plain)

    for module in (tl, tl.core):
        if hasattr(module, "dot_scaled"):
            module.dot_scaled = dot_scaled
