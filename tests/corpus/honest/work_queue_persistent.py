# kinds: reduction, persistent, dynamic work queue, atomics, float32, workspace, while loop
"""Fused Kernels: norms of rows of very different lengths, taken from a queue by whoever is free"""

# <PYTHON>
import torch


def ragged_norms_pytorch(values, starts, lengths):
    """Row i is values[starts[i] : starts[i] + lengths[i]]."""
    place = torch.arange(values.numel(), device=values.device)
    inside = (place >= starts[:, None]) & (place < (starts + lengths)[:, None])
    return torch.where(inside, values.square()[None, :], 0.0).sum(dim=-1).sqrt()


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def ragged_norms_kernel(
    values_ptr, starts_ptr, lengths_ptr, next_ptr, out_ptr, n_rows, n_values, BLOCK: tl.constexpr
):
    row = tl.atomic_add(next_ptr, 1)
    while row < n_rows:
        start = tl.load(starts_ptr + row)
        end = tl.minimum(start + tl.load(lengths_ptr + row), n_values)
        total = tl.zeros((BLOCK,), dtype=tl.float32)
        for first in range(start, end, BLOCK):
            place = first + tl.arange(0, BLOCK)
            x = tl.load(values_ptr + place, mask=place < end, other=0.0)
            total += x * x
        tl.store(out_ptr + row, tl.sqrt(tl.sum(total, axis=0)))
        row = tl.atomic_add(next_ptr, 1)


def ragged_norms_triton_wrapper(values, starts, lengths):
    values, starts, lengths = values.contiguous(), starts.contiguous(), lengths.contiguous()
    n_rows = starts.numel()
    out = torch.empty(n_rows, device=values.device, dtype=values.dtype)
    # The queue is a number: the next row that nobody has taken yet.
    queue = torch.zeros(1, device=values.device, dtype=torch.int32)
    n_programs = min(n_rows, 16)
    ragged_norms_kernel[(n_programs,)](values, starts, lengths, queue, out, n_rows, values.numel(), BLOCK=128)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    lengths = torch.tensor([3, 500, 40, 1, 90, 250, 7, 60], device="cuda")
    starts = torch.cumsum(lengths, dim=0) - lengths
    return torch.randn(951, device="cuda"), starts, lengths


# </TEST>
