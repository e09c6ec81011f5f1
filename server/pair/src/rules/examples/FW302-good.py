"""Fused Kernels: sums of rows"""

# <PYTHON>
import torch


def fused_torch(x):
    return x.sum(dim=-1)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def row_sum_kernel(x_ptr, out_ptr, columns, BLOCK: tl.constexpr, LANES: tl.constexpr):
    row = tl.program_id(0)
    total = tl.zeros((LANES,), dtype=tl.float32)
    for start in range(0, columns, BLOCK):
        offsets = start + tl.arange(0, BLOCK)
        total += tl.load(x_ptr + row * columns + offsets, mask=offsets < columns, other=0.0)
    tl.store(out_ptr + row, tl.sum(total, axis=0))


def fused_triton(x):
    x = x.contiguous()
    out = torch.empty(x.shape[0], device=x.device, dtype=x.dtype)
    row_sum_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=1024, LANES=1024)
    return out


# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(4096, 1000, device="cuda"),)
