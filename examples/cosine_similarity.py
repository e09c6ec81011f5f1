"""Fused Kernels: dot product, two norms and a division, the cosine similarity of rows"""

# <PYTHON>
import torch


def fused_kernel_pytorch(x, y):
    """
    Row by row:
    1. the dot product of x and y
    2. the norm of each
    3. the dot product over the product of the norms
    """
    dot = (x * y).sum(dim=-1)
    x_norm = x.pow(2).sum(dim=-1).sqrt()
    y_norm = y.pow(2).sum(dim=-1).sqrt()
    return dot / (x_norm * y_norm).clamp(min=1e-8)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.autotune(
    configs=[
        triton.Config({"BLOCK": 2048}, num_warps=4),
        triton.Config({"BLOCK": 4096}, num_warps=8),
    ],
    key=["n_columns"],
)
@triton.jit
def cosine_similarity_kernel(x_ptr, y_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    """One pass over a row feeds all three sums. Which block is best depends on its length: autotune tries."""
    row_start = tl.program_id(0).to(tl.int64) * n_columns
    dot = tl.zeros((BLOCK,), dtype=tl.float32)
    x_square = tl.zeros((BLOCK,), dtype=tl.float32)
    y_square = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, n_columns, BLOCK):
        columns = start + tl.arange(0, BLOCK)
        mask = columns < n_columns
        x = tl.load(x_ptr + row_start + columns, mask=mask, other=0.0)
        y = tl.load(y_ptr + row_start + columns, mask=mask, other=0.0)
        # Sums are kept lane by lane: one reduction at the end instead of one for every block.
        dot += x * y
        x_square += x * x
        y_square += y * y
    norms = tl.sqrt(tl.sum(x_square, axis=0)) * tl.sqrt(tl.sum(y_square, axis=0))
    tl.store(out_ptr + tl.program_id(0), tl.sum(dot, axis=0) / tl.maximum(norms, 1e-8))


def fused_kernel_triton_wrapper(x, y):
    """One launch, a program for each row."""
    x, y = x.contiguous(), y.contiguous()
    n_rows, n_columns = x.shape
    out = torch.empty(n_rows, device=x.device, dtype=x.dtype)
    cosine_similarity_kernel[(n_rows,)](x, y, out, n_columns)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(512, 4096, device="cuda")
    # Rows related to x by a different amount each, so that the similarities spread out.
    share = torch.linspace(-1.0, 1.0, 512, device="cuda")[:, None]
    return x, share * x + torch.randn(512, 4096, device="cuda")


# </TEST>
