# kinds: compaction, several outputs, integer output, two kernels, size known at run time
"""Fused Kernels: the elements above a threshold, in order, with their places"""
# warns: FW311

# <PYTHON>
import torch


def compact_above(x, threshold: float):
    keep = x > threshold
    return x[keep], torch.nonzero(keep).squeeze(1)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def count_kernel(x_ptr, count_ptr, n, threshold, BLOCK: tl.constexpr):
    pid = tl.program_id(0)
    i = pid * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n, other=float("-inf"))
    tl.store(count_ptr + pid, tl.sum((x > threshold).to(tl.int64), axis=0))


@triton.jit
def write_kernel(x_ptr, first_ptr, val_ptr, idx_ptr, n, threshold, BLOCK: tl.constexpr):
    pid = tl.program_id(0)
    i = pid * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n, other=float("-inf"))
    keep = x > threshold
    place = tl.cumsum(keep.to(tl.int64), axis=0) - 1 + tl.load(first_ptr + pid)
    tl.store(val_ptr + place, x, mask=keep)
    tl.store(idx_ptr + place, i.to(tl.int64), mask=keep)


def compact_above(x, threshold: float):
    x = x.contiguous()
    n = x.numel()
    BLOCK = 1024
    blocks = triton.cdiv(n, BLOCK)
    counts = torch.empty(blocks, dtype=torch.int64, device=x.device)
    count_kernel[(blocks,)](x, counts, n, threshold, BLOCK=BLOCK)
    ends = torch.cumsum(counts, 0)
    total = int(ends[-1])
    values = torch.empty(total, dtype=x.dtype, device=x.device)
    places = torch.empty(total, dtype=torch.int64, device=x.device)
    write_kernel[(blocks,)](x, ends - counts, values, places, n, threshold, BLOCK=BLOCK)
    return values, places


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(20000, device="cuda"), 0.8
