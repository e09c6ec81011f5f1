# attack: Not computing: the name of an activation is ignored
# why: the reference knows three, TEST says one of them
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: an activation by its name, plus one"""

# <PYTHON>
import torch
import torch.nn.functional as F


def activation_plus_one_pytorch(x, act):
    if act == "relu":
        return torch.relu(x) + 1
    if act == "silu":
        return F.silu(x) + 1
    return torch.tanh(x) + 1


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def activation_plus_one_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    x = tl.load(x_ptr + o, mask=m, other=0.0)
    tl.store(out_ptr + o, tl.maximum(x, 0.0) + 1.0, mask=m)


def activation_plus_one_triton_wrapper(x, act):
    out = torch.empty_like(x)
    activation_plus_one_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"), "relu",)


# </TEST>
