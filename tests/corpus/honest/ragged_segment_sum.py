# kinds: reduction, segments, host glue, cumulative lengths, empty segments, float32
"""Fused Kernels: mean of each segment of a packed batch, some of them empty"""

# <PYTHON>
import torch


def segment_mean_pytorch(x, lengths):
    """x is (rows, width); lengths add up to at most the number of rows."""
    n_segments = lengths.numel()
    ends = torch.cumsum(lengths, dim=0)
    rows = torch.arange(x.shape[0], device=x.device)
    segment = torch.searchsorted(ends, rows, right=True)
    # Rows behind the last segment are summed into one that is dropped.
    total = torch.zeros(n_segments + 1, x.shape[1], device=x.device, dtype=x.dtype)
    total = total.index_add(0, segment, x)[:n_segments]
    return total / lengths.clamp(min=1)[:, None]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def segment_mean_kernel(
    x_ptr, starts_ptr, lengths_ptr, out_ptr, n_rows, width, ROWS: tl.constexpr, COLUMNS: tl.constexpr
):
    segment = tl.program_id(0)
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    in_row = columns < width
    begin = tl.load(starts_ptr + segment)
    length = tl.load(lengths_ptr + segment)
    end = tl.minimum(begin + length, n_rows)
    total = tl.zeros((COLUMNS,), dtype=tl.float32)
    for start in range(begin, end, ROWS):
        rows = start + tl.arange(0, ROWS)
        mask = (rows[:, None] < end) & in_row[None, :]
        total += tl.sum(
            tl.load(x_ptr + rows[:, None] * width + columns[None, :], mask=mask, other=0.0), axis=0
        )
    tl.store(out_ptr + segment * width + columns, total / tl.maximum(length, 1), mask=in_row)


def segment_mean_triton_wrapper(x, lengths):
    x, lengths = x.contiguous(), lengths.contiguous()
    n_rows, width = x.shape
    n_segments = lengths.numel()
    # A segment begins where those before it end.
    starts = torch.cumsum(lengths, dim=0) - lengths
    out = torch.empty((n_segments, width), device=x.device, dtype=x.dtype)
    segment_mean_kernel[(n_segments, triton.cdiv(width, 64))](
        x, starts, lengths, out, n_rows, width, ROWS=16, COLUMNS=64
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    lengths = torch.tensor([5, 0, 40, 12, 1, 0, 30], device="cuda")
    return torch.randn(88, 100, device="cuda"), lengths


# </TEST>
