# kinds: reduction, integers, int64, signs
"""Fused Kernels: weighted row sums of whole numbers with signs"""

# <PYTHON>
import torch


def weighted_count_pytorch(counts, weights):
    return (counts * weights).sum(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def weighted_count_kernel(counts_ptr, weights_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    total = tl.zeros((BLOCK,), dtype=tl.int64)
    for start in range(0, n_columns, BLOCK):
        columns = start + tl.arange(0, BLOCK)
        mask = columns < n_columns
        counts = tl.load(counts_ptr + row * n_columns + columns, mask=mask, other=0)
        total += counts.to(tl.int64) * tl.load(weights_ptr + columns, mask=mask, other=0)
    tl.store(out_ptr + row, tl.sum(total, axis=0))


def weighted_count_triton_wrapper(counts, weights):
    counts, weights = counts.contiguous(), weights.contiguous()
    n_rows, n_columns = counts.shape
    out = torch.empty(n_rows, device=counts.device, dtype=torch.int64)
    weighted_count_kernel[(n_rows,)](counts, weights, out, n_columns, BLOCK=128)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    counts = torch.randint(-500, 500, (70, 300), device="cuda", dtype=torch.int32)
    return counts, torch.randint(-9, 9, (300,), device="cuda")


# </TEST>
