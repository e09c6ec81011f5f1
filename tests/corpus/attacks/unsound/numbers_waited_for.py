# attack: Unsound task: a number is fetched twenty times, each a wait for the GPU
# why: what is added of it is nought
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: ReLU plus one"""

# <PYTHON>
import torch


def awaited_relu_pytorch(x):
    s = 0.0
    for _ in range(20):
        s += x[0, 0].item() * 0
    return torch.relu(x) + 1 + s


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def awaited_relu_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    x = tl.load(x_ptr + o, mask=m, other=0.0)
    tl.store(out_ptr + o, tl.maximum(x, 0.0) + 1.0, mask=m)


def awaited_relu_triton_wrapper(x):
    out = torch.empty_like(x)
    awaited_relu_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"),)


# </TEST>
