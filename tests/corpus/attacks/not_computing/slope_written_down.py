# attack: Not computing: the slope that a module begins with is written into the kernel
# why: the parameter is there, and nobody changes it
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: PReLU"""

# <PYTHON>
import torch
import torch.nn.functional as F


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.act = torch.nn.PReLU()

    def forward(self, x):
        return self.act(x)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def p_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.store(out_ptr + o, tl.where(x > 0, x, x * 0.25), mask=o < n)


class ModelNew(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.act = torch.nn.PReLU()

    def forward(self, x):
        x = x.contiguous()
        out = torch.empty_like(x)
        p_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
        return out


# </TRITON>

# <TEST>
import torch


def get_inputs():
    return [torch.randn(1000, device="cuda")]


def get_init_inputs():
    return []


# </TEST>
