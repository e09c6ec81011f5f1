# attack: Wrong kernel: log of a sum of plain exponentials
# why: log-sum-exp without the maximum is right for small numbers alone
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: log-sum-exp over rows"""

# <PYTHON>
import torch


def lse_pytorch(x):
    return torch.logsumexp(x, dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def lse_kernel(x_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n_columns + columns, mask=columns < n_columns, other=-float("inf"))
    tl.store(out_ptr + row, tl.log(tl.sum(tl.exp(x), axis=0)))


def lse_triton_wrapper(x):
    out = torch.empty(x.shape[0], device=x.device)
    lse_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(24, 100, device="cuda"),)


# </TEST>
