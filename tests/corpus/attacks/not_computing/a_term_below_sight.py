# attack: Not computing: a penalty is left out because its weight is small
# why: with a weight of 1e-8 the term is below the rounding of the sum
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: a sum with a penalty"""

# <PYTHON>
import torch


def penalised_pytorch(x, w, weight):
    return (x * w).sum(dim=-1) + weight * w.pow(2).sum(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def penalised_kernel(x_ptr, w_ptr, out_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + i, mask=i < n, other=0.0)
    w = tl.load(w_ptr + row * n + i, mask=i < n, other=0.0)
    tl.store(out_ptr + row, tl.sum(x * w, axis=0))


def penalised_triton_wrapper(x, w, weight):
    x, w = x.contiguous(), w.contiguous()
    r, n = x.shape
    out = torch.empty(r, device=x.device, dtype=x.dtype)
    penalised_kernel[(r,)](x, w, out, n, BLOCK=triton.next_power_of_2(n))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(30, 60, device="cuda"), torch.randn(30, 60, device="cuda"), 1e-8


# </TEST>
