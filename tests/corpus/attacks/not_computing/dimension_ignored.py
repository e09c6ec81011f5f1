# attack: Not computing: the dimension among the arguments is read and goes nowhere
# why: TEST names the last one
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: softmax along a dimension"""

# <PYTHON>
import torch


def softmax_along_pytorch(x, dim):
    return torch.softmax(x, dim)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def softmax_along_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=0.0).to(tl.float32)
    x = tl.where(m, x, float('-inf'))
    x = tl.exp(x - tl.max(x))
    r = x / tl.sum(x)
    tl.store(out_ptr + p * N + o, r, mask=m)


def softmax_along_triton_wrapper(x, dim):
    dim = dim % x.dim()
    x = x.contiguous()
    out = torch.empty_like(x)
    softmax_along_kernel[(x.numel() // x.shape[-1],)](x, out, x.shape[-1], BLOCK=triton.next_power_of_2(x.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"), 1,)


# </TEST>
