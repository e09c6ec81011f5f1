# kinds: search, while loop, integer output, int64, float32
"""Fused Kernels: find each value's place among sorted boundaries by bisection"""

# <PYTHON>
import torch


def find_buckets(values, boundaries):
    return torch.bucketize(values, boundaries)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def find_buckets_kernel(values_ptr, boundaries_ptr, out_ptr, n_values, n_boundaries, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_values
    value = tl.load(values_ptr + offsets, mask=mask, other=0.0)
    low = tl.zeros((BLOCK,), dtype=tl.int32)
    high = tl.zeros((BLOCK,), dtype=tl.int32) + n_boundaries
    width = n_boundaries
    # Each round halves what is left; all lanes take the same number of rounds.
    while width > 0:
        middle = (low + high) // 2
        boundary = tl.load(boundaries_ptr + middle, mask=low < high, other=0.0)
        right = (low < high) & (boundary < value)
        high = tl.where((low < high) & (boundary >= value), middle, high)
        low = tl.where(right, middle + 1, low)
        width = width // 2
    tl.store(out_ptr + offsets, low.to(tl.int64), mask=mask)


def find_buckets(values, boundaries):
    values, boundaries = values.contiguous(), boundaries.contiguous()
    out = torch.empty(values.shape, device=values.device, dtype=torch.int64)
    n_values = values.numel()
    find_buckets_kernel[(triton.cdiv(n_values, 512),)](
        values, boundaries, out, n_values, boundaries.numel(), BLOCK=512
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    boundaries = torch.sort(torch.randn(77, device="cuda")).values
    return torch.randn(50, 60, device="cuda"), boundaries
