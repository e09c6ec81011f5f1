"""Small kernels of which it is known what they give, each with what it checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import triton
import triton.language as tl
from triton.language.extra import libdevice
from triton.runtime.interpreter import InterpreterBuilder

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


@triton.jit
def _row_scan(x, out, N: tl.constexpr):
    lanes = tl.arange(0, N)
    tl.store(out + lanes, tl.cumsum(tl.load(x + lanes), 0))
    tl.store(out + N + lanes, tl.associative_scan(tl.load(x + lanes), 0, _plus, reverse=True))


@triton.jit
def _plus(a, b):
    return a + b


@triton.jit
def _count(x, out, N: tl.constexpr):
    values = tl.load(x + tl.arange(0, N))
    tl.atomic_add(out + values, 1)
    tl.atomic_max(out + N, tl.max(values, 0))
    tl.atomic_cas(out + N + 1, 0, 7)


@triton.jit
def _narrow(x, wide, narrow, N: tl.constexpr):
    lanes = tl.arange(0, N)
    tl.store(wide + lanes, tl.load(narrow + lanes).to(tl.float32))
    tl.store(narrow + lanes, tl.load(x + lanes).to(tl.float8e5))


@triton.jit
def _sorted(x, out, N: tl.constexpr):
    lanes = tl.arange(0, N)
    tl.store(out + lanes, tl.sort(tl.load(x + lanes)))


@triton.jit
def _counts(x, out, N: tl.constexpr, BINS: tl.constexpr):
    tl.store(out + tl.arange(0, BINS), tl.histogram(tl.load(x + tl.arange(0, N)), BINS))


@triton.jit
def _draws(out, N: tl.constexpr):
    lanes = tl.arange(0, N)
    tl.store(out + lanes, tl.randint(11, lanes))


@triton.jit
def _block_copy(x, out, M, N: tl.constexpr):
    source = tl.make_tensor_descriptor(x, [M, N], [N, 1], [8, N])
    tl.store(out + tl.arange(0, 8)[:, None] * N + tl.arange(0, N)[None, :], source.load([0, 0]))


@triton.jit
def _scaled_product(a, scales, b, out, N: tl.constexpr, K: tl.constexpr):
    rows, inner = tl.arange(0, N), tl.arange(0, K)
    left = tl.load(a + rows[:, None] * K + inner[None, :])
    right = tl.load(b + inner[:, None] * N + rows[None, :])
    shared = tl.load(scales + rows[:, None] * (K // 32) + tl.arange(0, K // 32)[None, :])
    product = tl.dot_scaled(left, shared, "e5m2", right, None, "e5m2")
    tl.store(out + rows[:, None] * N + rows[None, :], product)


def _float32_arithmetic() -> bool:
    x, y = torch.linspace(-3, 5, 64), torch.linspace(7, -2, 64)
    out = torch.empty(4, 64)
    _arithmetic[(1,)](x, y, out, 64)
    return torch.equal(out, torch.stack([x + y, x * y, torch.maximum(x, y), x / 3.0]))


def _reductions() -> bool:
    x, out = (torch.arange(64) % 7 - 3).float(), torch.empty(2)
    _row_sum[(1,)](x, out, 64)
    return out.tolist() == [float(x.sum()), 3.0]


def _scans() -> bool:
    x, out = torch.arange(8.0), torch.empty(16)
    _row_scan[(1,)](x, out, 8)
    expected = torch.cat([x.cumsum(0), x.flip(0).cumsum(0).flip(0)])
    return torch.equal(out, expected)


def _atomics() -> bool:
    x = torch.arange(16, dtype=torch.int32) % 5
    out = torch.zeros(18, dtype=torch.int32)
    _count[(2,)](x, out, 16)
    return out.tolist() == [8, 6, 6, 6, 6, *[0] * 11, 4, 7]


def _float8() -> bool:
    x = torch.tensor([0.3, -1.7, 65000.0, 1e-9, 3.25, -0.0, 12.0, 448.0] * 2)
    narrow, wide = x.flip(0).clamp(-57344, 57344).to(torch.float8_e5m2), torch.empty(16)
    before = narrow.float()
    _narrow[(1,)](x, wide, narrow, 16)
    expected = x.clamp(-57344, 57344).to(torch.float8_e5m2)
    return torch.equal(wide, before) and torch.equal(narrow.view(torch.uint8), expected.view(torch.uint8))


def _sorting() -> bool:
    x = torch.arange(16.0) * 7 % 16
    out = torch.empty(16)
    _sorted[(1,)](x, out, 16)
    return out.tolist() == x.sort()[0].tolist()


def _histograms() -> bool:
    x, out = torch.arange(16, dtype=torch.int32) % 3, torch.empty(4, dtype=torch.int32)
    _counts[(1,)](x, out, 16, 4)
    return out.tolist() == [6, 5, 5, 0]


def _random_numbers() -> bool:
    out = torch.empty(4, dtype=torch.int32)
    _draws[(1,)](out, 4)
    return out.tolist() == [_philox(11, offset) for offset in range(4)]


def _philox(seed: int, offset: int) -> int:
    """The first number that Philox 4x32-10 (Salmon et al., 2011) gives for a key and a counter, as int32."""
    mask, counter, key = 0xFFFFFFFF, [offset, 0, 0, 0], [seed, 0]
    for _round in range(10):
        first, second = counter[0] * 0xD2511F53, counter[2] * 0xCD9E8D57
        counter = [
            (second >> 32) ^ counter[1] ^ key[0],
            second & mask,
            (first >> 32) ^ counter[3] ^ key[1],
            first & mask,
        ]
        key = [(key[0] + 0x9E3779B9) & mask, (key[1] + 0xBB67AE85) & mask]
    return counter[0] - (1 << 32) if counter[0] >> 31 else counter[0]


def _descriptors() -> bool:
    x, out = torch.arange(80.0).reshape(5, 16), torch.empty(8, 16)
    _block_copy[(1,)](x, out, 5, 16)
    return torch.equal(out[:5], x) and not out[5:].any()


def _scaled_products() -> bool:
    a = (torch.arange(16 * 64).reshape(16, 64) % 5 - 2).to(torch.float8_e5m2)
    b = (torch.arange(64 * 16).reshape(64, 16) % 3 - 1).to(torch.float8_e5m2)
    scales = (torch.arange(32).reshape(16, 2) % 4 + 126).to(torch.uint8)
    out = torch.empty(16, 16)
    _scaled_product[(1,)](a, scales, b, out, 16, 64)
    wide = a.float() * (2.0 ** (scales.float() - 127)).repeat_interleave(32, 1)
    return torch.equal(out, wide @ b.float())


CHECKS: dict[str, Callable[[], bool]] = {
    "float32 arithmetic": _float32_arithmetic,
    "accesses out of bounds": _bounds,
    "bfloat16 arithmetic": _bfloat16_arithmetic,
    "bfloat16 reductions": _bfloat16_reductions,
    "reductions": _reductions,
    "scans": _scans,
    "float32 products": _products(torch.float32),
    "float16 products": _products(torch.float16),
    "bfloat16 products": _products(torch.bfloat16),
    "atomics": _atomics,
    "float8 conversions": _float8,
    "histograms": _histograms,
    "random numbers": _random_numbers,
    "sorting": _sorting,
    "libdevice": _library_functions,
    "autotune": _tuning,
}
"""Whether a kernel gave what it must, by what it checks. Each raises whatever its kernel raises."""
if hasattr(tl, "make_tensor_descriptor"):
    CHECKS["tensor descriptors"] = _descriptors
if hasattr(InterpreterBuilder, "create_descriptor_gather"):
    # Versions before these had but the beginnings of scaled products.
    CHECKS["scaled products"] = _scaled_products
