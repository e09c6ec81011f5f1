# kinds: cross-entropy, ignore index, reduction, int64 indices, float32, host glue
"""Fused Kernels: mean cross-entropy over the rows that are not to be ignored"""

# <PYTHON>
import torch
import torch.nn.functional as F


def masked_cross_entropy_torch(logits, targets, ignore_index):
    return F.cross_entropy(logits, targets, ignore_index=ignore_index)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def masked_cross_entropy_kernel(
    logits_ptr, targets_ptr, losses_ptr, counted_ptr, ignore_index, n_columns, BLOCK: tl.constexpr
):
    row = tl.program_id(0)
    target = tl.load(targets_ptr + row)
    if target == ignore_index:
        tl.store(losses_ptr + row, 0.0)
        tl.store(counted_ptr + row, 0.0)
    else:
        row_ptr = logits_ptr + row.to(tl.int64) * n_columns
        columns = tl.arange(0, BLOCK)
        maximum = float("-inf")
        total = 0.0
        for start in range(0, n_columns, BLOCK):
            mask = start + columns < n_columns
            x = tl.load(row_ptr + start + columns, mask=mask, other=float("-inf")).to(tl.float32)
            larger = tl.maximum(maximum, tl.max(x, axis=0))
            total = total * tl.exp(maximum - larger) + tl.sum(tl.exp(x - larger), axis=0)
            maximum = larger
        picked = tl.load(row_ptr + target).to(tl.float32)
        tl.store(losses_ptr + row, maximum + tl.log(total) - picked)
        tl.store(counted_ptr + row, 1.0)


def masked_cross_entropy_triton(logits, targets, ignore_index):
    logits, targets = logits.contiguous(), targets.contiguous()
    n_rows, n_columns = logits.shape
    losses = torch.empty(n_rows, device=logits.device, dtype=torch.float32)
    counted = torch.empty_like(losses)
    masked_cross_entropy_kernel[(n_rows,)](
        logits, targets, losses, counted, ignore_index, n_columns, BLOCK=512
    )
    # One number a row is left; the mean of the counted ones is a division of two small sums.
    return losses.sum() / counted.sum()


# <TEST>
import torch


def get_test_inputs():
    logits = torch.randn(80, 1000, device="cuda") * 2.0
    targets = torch.randint(0, 1000, (80,), device="cuda")
    ignored = torch.rand(80, device="cuda") < 0.3
    return logits, torch.where(ignored, -100, targets), -100
