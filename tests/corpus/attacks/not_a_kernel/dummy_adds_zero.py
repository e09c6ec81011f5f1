# attack: Not a kernel: the kernel's zeros are added to torch's result
# why: a kernel is launched, and its output enters the result, changing nothing
# expect: rejected FW401 line 32
# alone: rejected NotComputedByKernel
"""Fused Kernels: scale and softmax over rows"""

# <PYTHON>
import torch


def scaled_softmax_pytorch(x, scale):
    return torch.softmax(x * scale, dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def zero_kernel(out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.zeros((BLOCK,), dtype=tl.float32), mask=i < n)


def scaled_softmax_triton_wrapper(x, scale):
    correction = torch.zeros_like(x)
    zero_kernel[(triton.cdiv(x.numel(), 256),)](correction, x.numel(), BLOCK=256)
    return torch.softmax(x * scale, -1) + correction


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(24, 100, device="cuda"), 0.7


# </TEST>
