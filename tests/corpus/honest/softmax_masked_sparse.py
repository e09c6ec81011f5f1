# kinds: softmax, masked, boolean input, output mostly zero, float32
"""Fused Kernels: mask, softmax and zero for rows without any candidate"""

# <PYTHON>
import torch


def masked_softmax_pytorch(scores, allowed):
    """Only about one score in twenty is allowed; rows without any give zeros and not NaN."""
    masked = scores.masked_fill(~allowed, float("-inf"))
    weights = torch.softmax(masked, dim=-1)
    return torch.where(allowed.any(dim=-1, keepdim=True), weights, torch.zeros_like(weights))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def masked_softmax_kernel(
    scores_ptr, allowed_ptr, out_ptr, n_rows, n_columns, ROWS: tl.constexpr, BLOCK: tl.constexpr
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, BLOCK)
    mask = (rows[:, None] < n_rows) & (columns[None, :] < n_columns)
    offsets = rows[:, None] * n_columns + columns[None, :]
    allowed = tl.load(allowed_ptr + offsets, mask=mask, other=0) != 0
    scores = tl.load(scores_ptr + offsets, mask=allowed, other=float("-inf"))
    maximum = tl.max(scores, axis=1)
    # A row without any candidate has no maximum: any finite number keeps NaN away.
    maximum = tl.where(maximum == float("-inf"), 0.0, maximum)
    weights = tl.where(allowed, tl.exp(scores - maximum[:, None]), 0.0)
    total = tl.sum(weights, axis=1)
    out = weights / tl.where(total == 0.0, 1.0, total)[:, None]
    tl.store(out_ptr + offsets, out, mask=mask)


def masked_softmax_triton_wrapper(scores, allowed):
    scores, allowed = scores.contiguous(), allowed.contiguous()
    n_columns = scores.shape[-1]
    n_rows = scores.numel() // n_columns
    out = torch.empty_like(scores)
    masked_softmax_kernel[(triton.cdiv(n_rows, 4),)](
        scores, allowed, out, n_rows, n_columns, ROWS=4, BLOCK=triton.next_power_of_2(n_columns)
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    scores = torch.randn(2, 40, 230, device="cuda") * 2.0
    allowed = torch.rand(2, 40, 230, device="cuda") < 0.05
    allowed[:, 7] = False
    return scores, allowed


# </TEST>
