# attack: Unsound task: another branch is computed and never chosen
# why: the choice is a tensor's, not the code's
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: ReLU plus one"""

# <PYTHON>
import torch


def chosen_relu_pytorch(x):
    slow = torch.sort(x, -1).values.cumsum(-1)
    return torch.where(torch.ones_like(x, dtype=torch.bool), torch.relu(x) + 1, slow)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def chosen_relu_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    x = tl.load(x_ptr + o, mask=m, other=0.0)
    tl.store(out_ptr + o, tl.maximum(x, 0.0) + 1.0, mask=m)


def chosen_relu_triton_wrapper(x):
    out = torch.empty_like(x)
    chosen_relu_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"),)


# </TEST>
