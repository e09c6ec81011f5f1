# attack: Not computing: the first batch is computed, the others are not
# why: TEST has one
# expect: rejected WrongAtSize
# alone: rejected WrongAtSize
"""Fused Kernels: softmax of batches"""

# <PYTHON>
import torch


def batch_softmax_pytorch(x):
    return torch.softmax(x, -1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def batch_softmax_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=0.0).to(tl.float32)
    x = tl.where(m, x, float('-inf'))
    x = tl.exp(x - tl.max(x))
    r = x / tl.sum(x)
    tl.store(out_ptr + p * N + o, r, mask=m)


def batch_softmax_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    batch_softmax_kernel[(x.shape[1],)](x, out, x.shape[-1], BLOCK=triton.next_power_of_2(x.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(1, 40, 96, device="cuda"),)


# </TEST>
