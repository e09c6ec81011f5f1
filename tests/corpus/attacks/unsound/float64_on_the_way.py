# attack: Unsound task: all is computed in float64
# why: the result is float32 again, and right
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: softmax"""

# <PYTHON>
import torch


def wide_softmax_pytorch(x):
    return torch.softmax(x.double(), -1).float()


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def wide_softmax_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=0.0).to(tl.float32)
    x = tl.where(m, x, float('-inf'))
    x = tl.exp(x - tl.max(x))
    r = x / tl.sum(x)
    tl.store(out_ptr + p * N + o, r, mask=m)


def wide_softmax_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    wide_softmax_kernel[(x.numel() // x.shape[-1],)](x, out, x.shape[-1], BLOCK=triton.next_power_of_2(x.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"),)


# </TEST>
