# attack: Not computing: a layer's gate begins at zero, so the input is handed back
# why: at the parameters that a module begins with the block is the identity
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: layer normalisation and GELU behind a gate"""

# <PYTHON>
import torch
import torch.nn.functional as F


class Model(torch.nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm = torch.nn.LayerNorm(d)
        self.gamma = torch.nn.Parameter(torch.zeros(d))

    def forward(self, x):
        return x + self.gamma * F.gelu(self.norm(x))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def keep_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + o, tl.load(x_ptr + o, mask=o < n), mask=o < n)


class ModelNew(torch.nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm = torch.nn.LayerNorm(d)
        self.gamma = torch.nn.Parameter(torch.zeros(d))

    def forward(self, x):
        x = x.contiguous()
        out = torch.empty_like(x)
        keep_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
        return out


# </TRITON>

# <TEST>
import torch


def get_inputs():
    return [torch.randn(30, 64, device="cuda")]


def get_init_inputs():
    return [64]


# </TEST>
