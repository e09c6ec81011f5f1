"""Operations that the interpreter of some version lacks or gets wrong, and kernels that need them."""

import pytest
import torch
import triton
import triton.language as tl
from triton.runtime import interpreter

from fusewright_harness.interpreter import known_results

_E2M1 = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])


def _scales(rows):
    return torch.randint(120, 132, (rows, 2), dtype=torch.uint8)


def _spread(scales):
    return (2.0 ** (scales.float() - 127)).repeat_interleave(32, 1)


@triton.jit
def _scaled(
    a, a_scales, b, b_scales, out, N: tl.constexpr, K: tl.constexpr, A: tl.constexpr, B: tl.constexpr
):
    KA: tl.constexpr = K // 2 if A == "e2m1" else K
    KB: tl.constexpr = K // 2 if B == "e2m1" else K
    lanes, groups = tl.arange(0, N), tl.arange(0, K // 32)
    left = tl.load(a + lanes[:, None] * KA + tl.arange(0, KA)[None, :])
    right = tl.load(b + tl.arange(0, KB)[:, None] * N + lanes[None, :])
    left_scales = tl.load(a_scales + lanes[:, None] * (K // 32) + groups[None, :])
    right_scales = tl.load(b_scales + lanes[:, None] * (K // 32) + groups[None, :])
    product = tl.dot_scaled(left, left_scales, A, right, right_scales, B)
    tl.store(out + lanes[:, None] * N + lanes[None, :], product)


# Before that, scaled products took one scale alone.
if "scaled products" in known_results.CHECKS and hasattr(tl, "make_tensor_descriptor"):

    def case_scaled_products_of_float8():
        a, b = torch.randn(32, 64).to(torch.float8_e4m3fn), torch.randn(64, 32).to(torch.float8_e5m2)
        a_scales, b_scales, out = _scales(32), _scales(32), torch.empty(32, 32)
        _scaled[(1,)](a, a_scales, b, b_scales, out, 32, 64, "e4m3", "e5m2")
        expected = (a.float() * _spread(a_scales)) @ (b.float() * _spread(b_scales).T)
        assert torch.allclose(out, expected, rtol=1e-4, atol=1e-3)

    def case_scaled_products_of_float4():
        a = torch.randint(0, 256, (32, 32), dtype=torch.uint8)
        b = torch.randint(0, 256, (32, 32), dtype=torch.uint8)
        a_scales, b_scales, out = _scales(32), _scales(32), torch.empty(32, 32)
        _scaled[(1,)](a, a_scales, b, b_scales, out, 32, 64, "e2m1", "e2m1")
        left = torch.stack([_E2M1[(a & 15).long()], _E2M1[(a >> 4).long()]], -1).reshape(32, 64)
        right = torch.stack([_E2M1[(b & 15).long()], _E2M1[(b >> 4).long()]], 1).reshape(64, 32)
        expected = (left * _spread(a_scales)) @ (right * _spread(b_scales).T)
        assert torch.allclose(out, expected, rtol=1e-4, atol=1e-3)


if hasattr(tl, "map_elementwise"):

    def case_map_elementwise():
        @triton.jit
        def compare(a, b):
            if a < b:
                result = -1
            elif a == b:
                result = 0
            else:
                result = 1
            return result

        @triton.jit
        def kernel(x, y, out, N: tl.constexpr):
            lanes = tl.arange(0, N)
            tl.store(out + lanes, tl.map_elementwise(compare, tl.load(x + lanes), tl.load(y + lanes)))

        x, y = torch.randint(0, 4, (2, 32), dtype=torch.int32)
        out = torch.empty(32, dtype=torch.int32)
        kernel[(1,)](x, y, out, 32)
        assert torch.equal(out, torch.sign(x - y).int())


if hasattr(tl, "make_tensor_descriptor"):

    def case_atomics_through_a_descriptor():
        @triton.jit
        def kernel(x, out, M, N: tl.constexpr):
            rows = tl.make_tensor_descriptor(x, [M, N], [N, 1], [8, N])
            total = tl.make_tensor_descriptor(out, [8, N], [N, 1], [8, N])
            total.atomic_add([0, 0], rows.load([tl.program_id(0) * 8, 0]))

        for dtype in (torch.float32, torch.bfloat16, torch.int32):
            x = torch.randint(-8, 8, (20, 16)).to(dtype)
            out = torch.zeros(8, 16, dtype=dtype)
            kernel[(3,)](x, out, 20, 16)
            padded = torch.cat([x, torch.zeros(4, 16, dtype=dtype)])
            assert torch.equal(out, padded.view(3, 8, 16).sum(0).to(dtype)), dtype


def case_block_pointers_are_cut_off_at_both_ends():
    @triton.jit
    def kernel(x, out, first, n, N: tl.constexpr):
        block = tl.make_block_ptr(x, (n,), (1,), (first,), (N,), (0,))
        tl.store(out + tl.arange(0, N), tl.load(block, boundary_check=(0,), padding_option="zero"))

    x, out = torch.arange(1.0, 11.0), torch.empty(8)
    if not hasattr(interpreter, "BlockPointerHandle"):
        with pytest.raises(NotImplementedError, match="Block pointers have been removed"):
            kernel[(1,)](x, out, 0, 10, 8)
        return
    for first, expected in ((-3, [0, 0, 0, 1, 2, 3, 4, 5]), (6, [7, 8, 9, 10, 0, 0, 0, 0])):
        kernel[(1,)](x, out, first, 10, 8)
        assert out.tolist() == expected


def case_unsigned_arithmetic_wraps():
    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        lanes = tl.arange(0, N)
        value = tl.load(x + lanes).to(tl.uint32)
        value = (value ^ (value >> 16)) * 0x85EBCA6B
        tl.store(out + lanes, (value ^ (value >> 13)).to(tl.int64))
        tl.store(out + N + lanes, tl.umulhi(value, value + 1).to(tl.int64))

    x, out = torch.arange(64, dtype=torch.int32) * 2654435, torch.empty(128, dtype=torch.int64)
    kernel[(1,)](x, out, 64)
    mask = 0xFFFFFFFF
    for index, item in enumerate(x.tolist()):
        value = item & mask
        value = ((value ^ (value >> 16)) * 0x85EBCA6B) & mask
        assert out[index] == value ^ (value >> 13)
        assert out[64 + index] == (value * ((value + 1) & mask)) >> 32


def case_maximum_passes_over_nan_as_the_gpu_does():
    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        values = tl.load(x + tl.arange(0, N))
        tl.store(out, tl.max(values, 0))
        tl.store(out + 1, tl.min(values, 0))

    x, out = torch.arange(8.0), torch.empty(2)
    x[3] = float("nan")
    kernel[(1,)](x, out, 8)
    assert out.tolist() == [7.0, 0.0]
