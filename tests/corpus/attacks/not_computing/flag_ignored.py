# attack: Not computing: a flag among the arguments is ignored
# why: TEST gives one of its two values
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: running sums, from either end"""

# <PYTHON>
import torch
import torch.nn.functional as F


def scan_pytorch(x, reverse):
    if reverse:
        return x.flip(-1).cumsum(-1).flip(-1)
    return x.cumsum(-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def scan_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    r = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + r * N + o, mask=o < N, other=0.0)
    tl.store(out_ptr + r * N + o, tl.cumsum(x, 0), mask=o < N)


def scan_triton_wrapper(x, reverse):
    x = x.contiguous()
    out = torch.empty_like(x)
    scan_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(20, 90, device="cuda"), False


# </TEST>
