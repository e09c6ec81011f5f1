# kinds: softmax, nearly constant result, dropout by mask, float32, label smoothing
"""Fused Kernels: attention weights over thousands of keys with similar scores"""

# <PYTHON>
import torch


def diffuse_weights_pytorch(scores, smoothing):
    """With similar scores each weight is close to one over the number of keys."""
    weights = torch.softmax(scores * 0.05, dim=-1)
    return weights * (1.0 - smoothing) + smoothing / scores.shape[-1]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def diffuse_weights_kernel(scores_ptr, out_ptr, smoothing, n_columns, BLOCK: tl.constexpr):
    start = tl.program_id(0) * n_columns
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    scores = tl.load(scores_ptr + start + columns, mask=mask, other=float("-inf")) * 0.05
    exponentials = tl.exp(scores - tl.max(scores, axis=0))
    weights = exponentials / tl.sum(exponentials, axis=0)
    tl.store(out_ptr + start + columns, weights * (1.0 - smoothing) + smoothing / n_columns, mask=mask)


def diffuse_weights_triton_wrapper(scores, smoothing):
    scores = scores.contiguous()
    n_columns = scores.shape[-1]
    out = torch.empty_like(scores)
    diffuse_weights_kernel[(scores.numel() // n_columns,)](
        scores, out, smoothing, n_columns, BLOCK=triton.next_power_of_2(n_columns)
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 1500, device="cuda"), 0.1


# </TEST>
