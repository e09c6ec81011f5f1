# kinds: sparse, matmul without a dot, gather, int32 indices, rows without entries, float32, graph
"""Fused Kernels: sparse matrix in compressed rows times a dense one, with a bias"""

# <PYTHON>
import torch


def sparse_times_dense_pytorch(row_ends, columns, values, dense, bias):
    """row_ends[i] is where the entries of row i end."""
    n_rows = row_ends.numel()
    row = torch.searchsorted(row_ends, torch.arange(columns.numel(), device=columns.device), right=True)
    terms = values[:, None] * dense[columns]
    out = torch.zeros(n_rows, dense.shape[1], device=dense.device, dtype=dense.dtype)
    return out.index_add(0, row, terms) + bias


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def sparse_times_dense_kernel(
    row_ends_ptr, columns_ptr, values_ptr, dense_ptr, bias_ptr, out_ptr, width, BLOCK: tl.constexpr
):
    row = tl.program_id(0)
    lanes = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    mask = lanes < width
    begin = tl.load(row_ends_ptr + row - 1, mask=row > 0, other=0)
    end = tl.load(row_ends_ptr + row)
    total = tl.load(bias_ptr + lanes, mask=mask, other=0.0)
    for entry in range(begin, end):
        column = tl.load(columns_ptr + entry)
        total += tl.load(values_ptr + entry) * tl.load(
            dense_ptr + column * width + lanes, mask=mask, other=0.0
        )
    tl.store(out_ptr + row * width + lanes, total, mask=mask)


def sparse_times_dense_triton_wrapper(row_ends, columns, values, dense, bias):
    dense = dense.contiguous()
    n_rows, width = row_ends.numel(), dense.shape[1]
    out = torch.empty((n_rows, width), device=dense.device, dtype=dense.dtype)
    sparse_times_dense_kernel[(n_rows, triton.cdiv(width, 64))](
        row_ends.contiguous(),
        columns.contiguous(),
        values.contiguous(),
        dense,
        bias.contiguous(),
        out,
        width,
        BLOCK=64,
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    counts = torch.randint(0, 7, (60,), device="cuda")
    row_ends = torch.cumsum(counts, dim=0).to(torch.int32)
    n_entries = int(row_ends[-1])
    columns = torch.randint(0, 50, (n_entries,), device="cuda", dtype=torch.int32)
    values = torch.randn(n_entries, device="cuda")
    return row_ends, columns, values, torch.randn(50, 70, device="cuda"), torch.randn(70, device="cuda")


# </TEST>
