# attack: Unsound task: transformed and transformed back
# why: every operator's result is used, and none can be left out by itself
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: ReLU"""

# <PYTHON>
import torch
import torch.nn.functional as F


def g_pytorch(x):
    return F.relu(torch.fft.ifft(torch.fft.fft(x)).real)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def g_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + o, tl.maximum(tl.load(x_ptr + o, mask=o < n, other=0.0), 0.0), mask=o < n)


def g_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    g_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 64, device="cuda"),)


# </TEST>
