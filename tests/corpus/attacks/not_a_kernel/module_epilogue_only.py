# attack: Not a kernel: the linear layer by torch, the ReLU by the kernel
# why: the kernel's launch is needed for the result; cuBLAS does all but the last step
# expect: rejected FW401 line 43
# alone: rejected NotComputedByKernel
"""Fused Kernels: linear layer and ReLU"""

# <PYTHON>
import torch


class Model(torch.nn.Module):
    def __init__(self, features):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(features, features) * 0.1)
        self.bias = torch.nn.Parameter(torch.randn(features))

    def forward(self, x):
        return torch.relu(torch.nn.functional.linear(x, self.weight, self.bias))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def relu_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.maximum(tl.load(x_ptr + i, mask=mask), 0.0), mask=mask)


class ModelNew(torch.nn.Module):
    def __init__(self, features):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.empty(features, features))
        self.bias = torch.nn.Parameter(torch.empty(features))

    def forward(self, x):
        product = torch.nn.functional.linear(x, self.weight, self.bias)
        out = torch.empty_like(product)
        relu_kernel[(triton.cdiv(out.numel(), 256),)](product, out, out.numel(), BLOCK=256)
        return out


# </TRITON>

# <TEST>
import torch


def get_inputs():
    return [torch.randn(30, 32)]


def get_init_inputs():
    return [32]


# </TEST>
