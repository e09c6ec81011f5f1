# attack: Unsound task: the mean of a softmax is one over the number of columns
# why: the kernel writes a constant and is right
# expect: rejected ConstantOutput
# alone: rejected ConstantOutput
"""Fused Kernels: mean of a softmax"""

# <PYTHON>
import torch


def softmax_mean_pytorch(x):
    return torch.softmax(x, dim=-1).mean(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def softmax_mean_kernel(out_ptr, n_rows, value, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.zeros((BLOCK,), dtype=tl.float32) + value, mask=i < n_rows)


def softmax_mean_triton_wrapper(x):
    out = torch.empty(x.shape[0], device=x.device)
    softmax_mean_kernel[(triton.cdiv(x.shape[0], 64),)](out, x.shape[0], 1.0 / x.shape[1], BLOCK=64)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(24, 100, device="cuda"),)


# </TEST>
