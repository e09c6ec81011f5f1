# attack: Not computing: one less than the exponential, where the reference asks for expm1
# why: at numbers of ordinary size they are the same
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
# says: expm1
"""Fused Kernels: sums of exponentials less one, of each row"""

# <PYTHON>
import torch


def growth_pytorch(rate, weight):
    return (torch.expm1(rate) * weight).sum(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def growth_kernel(rate_ptr, weight_ptr, out_ptr, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    rate = tl.load(rate_ptr + row * columns + c, mask=c < columns, other=0.0)
    weight = tl.load(weight_ptr + c, mask=c < columns, other=0.0)
    tl.store(out_ptr + row, tl.sum((tl.exp(rate) - 1.0) * weight, axis=0))


def growth_triton_wrapper(rate, weight):
    rate = rate.contiguous()
    out = torch.empty(rate.shape[0], device=rate.device, dtype=rate.dtype)
    block = triton.next_power_of_2(rate.shape[1])
    growth_kernel[(rate.shape[0],)](rate, weight.contiguous(), out, rate.shape[1], BLOCK=block)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(50, 40, device="cuda"), torch.randn(40, device="cuda")


# </TEST>
