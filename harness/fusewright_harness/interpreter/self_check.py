"""Small kernels with known results, run in the mended interpreter before it is trusted with anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import triton
import triton.language as tl
from triton.language.extra import libdevice

from .bounds import OutOfBounds

if TYPE_CHECKING:
    from collections.abc import Callable


@triton.jit
def _arithmetic(x, y, out, N: tl.constexpr):
    lanes = tl.arange(0, N)
    a = tl.load(x + lanes)
    b = tl.load(y + lanes)
    tl.store(out + lanes, a + b)
    tl.store(out + N + lanes, a * b)
    tl.store(out + 2 * N + lanes, tl.where(a > b, a, b))
    tl.store(out + 3 * N + lanes, a.to(tl.float32) / 3.0)


@triton.jit
def _row_sum(x, out, N: tl.constexpr):
    values = tl.load(x + tl.arange(0, N))
    tl.store(out, tl.sum(values.to(tl.float32), axis=0))
    tl.store(out + 1, tl.max(values, axis=0))


@triton.jit
def _product(a, b, out, N: tl.constexpr):
    index = tl.arange(0, N)[:, None] * N + tl.arange(0, N)[None, :]
    tl.store(out + index, tl.dot(tl.load(a + index), tl.load(b + index)))


@triton.jit
def _tanh(x, out, n, N: tl.constexpr):
    lanes = tl.arange(0, N)
    inside = lanes >= 0 and lanes < n
    tl.store(out + lanes, libdevice.tanh(tl.load(x + lanes, mask=inside, other=0.0)), mask=inside)


@triton.jit
def _overrun(x, out, N: tl.constexpr):
    lanes = tl.arange(0, N)
    tl.store(out + lanes, tl.load(x + lanes))


@triton.autotune(configs=[triton.Config({"N": 8}), triton.Config({"N": 16})], key=[])
@triton.jit
def _tuned(x, out, N: tl.constexpr):
    lanes = tl.arange(0, N)
    tl.store(out + lanes, tl.load(x + lanes) * 2)


def _bfloat16_arithmetic() -> bool:
    x = torch.linspace(-3, 5, 64).to(torch.bfloat16)
    y = torch.linspace(7, -2, 64).to(torch.bfloat16)
    out = torch.empty(4, 64, dtype=torch.bfloat16)
    _arithmetic[(1,)](x, y, out, 64)
    expected = torch.stack([x + y, x * y, torch.maximum(x, y), (x.float() / 3.0).to(torch.bfloat16)])
    return torch.equal(out, expected)


def _bfloat16_reductions() -> bool:
    x = (torch.arange(64) % 7 - 3).to(torch.bfloat16)
    out = torch.empty(2, dtype=torch.bfloat16)
    _row_sum[(1,)](x, out, 64)
    return out.tolist() == [float(x.float().sum()), 3.0]


def _products(dtype: torch.dtype) -> Callable[[], bool]:
    def check() -> bool:
        a = (torch.arange(256).reshape(16, 16) % 5 - 2).to(dtype)
        b = (torch.arange(256).reshape(16, 16) % 3 - 1).to(dtype)
        out = torch.empty(16, 16)
        _product[(1,)](a, b, out, 16)
        return torch.equal(out, a.float() @ b.float())

    return check


def _library_functions() -> bool:
    x = torch.linspace(-2, 2, 16)
    out = torch.zeros(16)
    _tanh[(1,)](x, out, 15, 16)
    return torch.allclose(out[:15], torch.tanh(x[:15]), rtol=1e-6, atol=1e-7) and out[15] == 0


def _bounds() -> bool:
    # Eight elements of sixteen that are there: where the check fails, no memory of others is touched.
    inside, outside = torch.zeros(16), torch.from_numpy(np.zeros(16, dtype=np.float32)[:8])
    named = []
    for x, out in ((outside, inside), (inside, outside)):
        try:
            _overrun[(1,)](x, out, 16)
        except OutOfBounds as error:
            named.append((error.argument, error.offset))
    return named == [("x", 8), ("out", 8)]


def _tuning() -> bool:
    x = torch.arange(16.0)
    out = torch.zeros(16)
    _tuned[(1,)](x, out)
    return out.tolist() == [2.0 * i for i in range(8)] + [0.0] * 8


_CHECKS: dict[str, Callable[[], bool]] = {
    "bfloat16 arithmetic": _bfloat16_arithmetic,
    "bfloat16 reductions": _bfloat16_reductions,
    "float32 products": _products(torch.float32),
    "float16 products": _products(torch.float16),
    "bfloat16 products": _products(torch.bfloat16),
    "libdevice": _library_functions,
    "accesses out of bounds": _bounds,
    "autotune": _tuning,
}


def failures() -> list[str]:
    """The names of the checks that did not pass, each with the error that stopped it, if one did."""
    from . import autotuning

    wrong = []
    for name, check in _CHECKS.items():
        try:
            if not check():
                wrong.append(name)
        except Exception as error:
            wrong.append(f"{name} ({type(error).__name__}: {error})")
    autotuning.forget()
    return wrong
