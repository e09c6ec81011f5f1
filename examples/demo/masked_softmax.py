"""Fused Kernels: scale, mask and softmax over attention scores"""

# <PYTHON>
import torch


def fused_kernel_pytorch(scores, keep, scale):
    """
    The steps between the two matrix products of attention:
    1. scale the scores
    2. hide the masked positions
    3. softmax over the last dimension
    """
    scaled = scores * scale
    masked = scaled.masked_fill(~keep, float("-inf"))
    return torch.softmax(masked, dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def masked_softmax_kernel(
    scores_ptr, keep_ptr, out_ptr, scale, n_rows, n_columns, ROWS: tl.constexpr, BLOCK: tl.constexpr
):
    """A program holds ROWS whole rows in registers: each score is read once and written once."""
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, BLOCK)
    mask = (rows[:, None] < n_rows) & (columns[None, :] < n_columns)
    offsets = rows[:, None] * n_columns + columns[None, :]

    scores = tl.load(scores_ptr + offsets, mask=mask, other=0.0).to(tl.float32) * scale
    keep = tl.load(keep_ptr + offsets, mask=mask, other=0)
    scores = tl.where(keep != 0, scores, float("-inf"))
    # The maximum is taken away first, so that no exponent overflows.
    scores = scores - tl.max(scores, axis=1)[:, None]
    numerator = tl.exp(scores)
    softmax = numerator / tl.sum(numerator, axis=1)[:, None]
    tl.store(out_ptr + offsets, softmax, mask=mask)


def fused_kernel_triton_wrapper(scores, keep, scale):
    """One launch; the scores may have any number of leading dimensions."""
    scores = scores.contiguous()
    keep = keep.contiguous()
    out = torch.empty_like(scores)
    n_columns = scores.shape[-1]
    n_rows = scores.numel() // n_columns
    grid = (triton.cdiv(n_rows, 2),)
    masked_softmax_kernel[grid](
        scores,
        keep,
        out,
        scale,
        n_rows,
        n_columns,
        ROWS=2,
        BLOCK=triton.next_power_of_2(n_columns),
        num_warps=4,
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    scores = torch.randn(1, 8, 64, 2048, device="cuda", dtype=torch.float16) * 4
    keep = torch.rand(1, 8, 64, 2048, device="cuda") > 0.2
    return scores, keep, 0.125


# </TEST>
