# attack: Unsound task: padded to ten times its size and cut again
# why: each operator's result is used in part
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: ReLU plus one"""

# <PYTHON>
import torch
import torch.nn.functional as F


def cut_relu_pytorch(x):
    y = F.pad(x, (0, 9 * x.shape[1]))
    y = torch.relu(y) + 1
    return y[:, : x.shape[1]]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def cut_relu_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    x = tl.load(x_ptr + o, mask=m, other=0.0)
    tl.store(out_ptr + o, tl.maximum(x, 0.0) + 1.0, mask=m)


def cut_relu_triton_wrapper(x):
    out = torch.empty_like(x)
    cut_relu_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"),)


# </TEST>
