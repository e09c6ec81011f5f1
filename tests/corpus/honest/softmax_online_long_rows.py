# kinds: softmax, online, long rows, autotune, float32, open style
"""Fused Kernels: bias and softmax over rows that do not fit into registers"""

# <PYTHON>
import torch


def online_softmax_torch(logits, bias):
    return torch.softmax(logits + bias, dim=-1)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.autotune(
    configs=[
        triton.Config({"BLOCK": 1024}, num_warps=4),
        triton.Config({"BLOCK": 2048}, num_warps=8),
        triton.Config({"BLOCK": 4096}, num_warps=8),
    ],
    key=["n_columns"],
)
@triton.jit
def online_softmax_kernel(logits_ptr, bias_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    """The first walk keeps a maximum and a sum for each lane; the second writes."""
    row_ptr = logits_ptr + tl.program_id(0).to(tl.int64) * n_columns
    out_row_ptr = out_ptr + tl.program_id(0).to(tl.int64) * n_columns
    maximum = tl.full((BLOCK,), float("-inf"), dtype=tl.float32)
    total = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, n_columns, BLOCK):
        columns = start + tl.arange(0, BLOCK)
        mask = columns < n_columns
        x = tl.load(row_ptr + columns, mask=mask, other=float("-inf"))
        x += tl.load(bias_ptr + columns, mask=mask, other=0.0)
        larger = tl.maximum(maximum, x)
        # A lane that has seen nothing yet has the maximum minus infinity; minus itself that would be NaN.
        seen = larger > float("-inf")
        correction = tl.where(seen, tl.exp(maximum - larger), 0.0)
        total = total * correction + tl.where(seen, tl.exp(x - larger), 0.0)
        maximum = larger
    row_maximum = tl.max(maximum, axis=0)
    row_total = tl.sum(total * tl.exp(maximum - row_maximum), axis=0)
    for start in range(0, n_columns, BLOCK):
        columns = start + tl.arange(0, BLOCK)
        mask = columns < n_columns
        x = tl.load(row_ptr + columns, mask=mask, other=0.0)
        x += tl.load(bias_ptr + columns, mask=mask, other=0.0)
        tl.store(out_row_ptr + columns, tl.exp(x - row_maximum) / row_total, mask=mask)


def online_softmax_triton(logits, bias):
    logits = logits.contiguous()
    n_rows, n_columns = logits.shape
    out = torch.empty_like(logits)
    online_softmax_kernel[(n_rows,)](logits, bias.contiguous(), out, n_columns)
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(8, 5000, device="cuda") * 2.0, torch.randn(5000, device="cuda")
