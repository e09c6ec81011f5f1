# kinds: elementwise, libdevice, sine, power, tanh, float32, several activations
"""Fused Kernels: sinc of one input plus a power and an inverse hyperbolic sine of another"""

# <PYTHON>
import torch


def special_functions_torch(x, y, exponent):
    return torch.sinc(x) * torch.pow(y, exponent) + torch.tanh(torch.asinh(x))


# <TRITON>
import torch
import triton
import triton.language as tl
from triton.language.extra import libdevice


@triton.jit
def special_functions_kernel(x_ptr, y_ptr, out_ptr, exponent, n_elements, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    y = tl.load(y_ptr + offsets, mask=mask, other=1.0)
    angle = x * 3.141592653589793
    sinc = tl.where(x == 0.0, 1.0, libdevice.sin(angle) / tl.where(x == 0.0, 1.0, angle))
    value = sinc * libdevice.pow(y, exponent) + libdevice.tanh(libdevice.asinh(x))
    tl.store(out_ptr + offsets, value, mask=mask)


def special_functions_triton(x, y, exponent):
    x, y = x.contiguous(), y.contiguous()
    out = torch.empty_like(x)
    n_elements = x.numel()
    special_functions_kernel[(triton.cdiv(n_elements, 1024),)](x, y, out, exponent, n_elements, BLOCK=1024)
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(70, 80, device="cuda"), torch.rand(70, 80, device="cuda") + 0.5, 1.75
