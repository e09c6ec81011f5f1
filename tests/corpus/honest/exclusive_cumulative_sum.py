# kinds: scan, exclusive cumulative sum, float32
"""Fused Kernels: exclusive cumulative sum along the last dimension"""

# <PYTHON>
import torch


def exclusive_cumsum(x, dim=-1):
    cumsum = torch.cumsum(x, dim=dim)
    return cumsum - x


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def exclusive_cumsum_kernel(x_ptr, y_ptr, n_cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    offs = tl.arange(0, BLOCK)
    mask = offs < n_cols
    x = tl.load(x_ptr + row * n_cols + offs, mask=mask, other=0.0)
    tl.store(y_ptr + row * n_cols + offs, tl.cumsum(x, axis=0) - x, mask=mask)


def exclusive_cumsum_triton(x, dim=-1):
    assert dim in (-1, x.ndim - 1), "only the last dimension"
    x = x.contiguous()
    n_cols = x.shape[-1]
    y = torch.empty_like(x)
    exclusive_cumsum_kernel[(x.numel() // n_cols,)](x, y, n_cols, BLOCK=triton.next_power_of_2(n_cols))
    return y


# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(128, 1000, device="cuda"),)
