# attack: Not computing: a batch normalisation whose statistics are zero and one
# why: nobody trains the module before it is judged
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: batch normalisation and ReLU"""

# <PYTHON>
import torch
import torch.nn.functional as F


class Model(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.bn = torch.nn.BatchNorm2d(c)
        self.eval()

    def forward(self, x):
        return F.relu(self.bn(x))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def r_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.store(out_ptr + o, tl.maximum(x * 0.9999950000374997, 0.0), mask=o < n)


class ModelNew(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.bn = torch.nn.BatchNorm2d(c)
        self.eval()

    def forward(self, x):
        x = x.contiguous()
        out = torch.empty_like(x)
        r_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
        return out


# </TRITON>

# <TEST>
import torch


def get_inputs():
    return [torch.randn(4, 6, 9, 11, device="cuda")]


def get_init_inputs():
    return [6]


# </TEST>
