# attack: Unsound task: sorted and summed for what rounding swallows
# why: each operator's result reaches the output
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: ReLU plus one"""

# <PYTHON>
import torch


def noisy_relu_pytorch(x):
    return torch.relu(x) + 1 + 1e-30 * torch.tanh(torch.sort(x, -1).values.cumsum(-1))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def noisy_relu_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    x = tl.load(x_ptr + o, mask=m, other=0.0)
    tl.store(out_ptr + o, tl.maximum(x, 0.0) + 1.0, mask=m)


def noisy_relu_triton_wrapper(x):
    out = torch.empty_like(x)
    noisy_relu_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"),)


# </TEST>
