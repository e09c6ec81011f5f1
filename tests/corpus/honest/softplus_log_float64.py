# kinds: elementwise, float64, softplus, log1p, scalar arguments
"""Fused Kernels: softplus, logarithm and power in double precision"""

# <PYTHON>
import torch


def softplus_power_pytorch(x, beta, exponent):
    softplus = torch.log1p(torch.exp(-torch.abs(x * beta))) + torch.relu(x * beta)
    return torch.exp(exponent * torch.log(softplus / beta))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def softplus_power_kernel(x_ptr, out_ptr, parameters_ptr, n_elements, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    # A Python float reaches a kernel as float32; what must stay double comes through memory.
    beta = tl.load(parameters_ptr)
    exponent = tl.load(parameters_ptr + 1)
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0) * beta
    softplus = tl.log(1.0 + tl.exp(-tl.abs(x))) + tl.maximum(x, 0.0)
    tl.store(out_ptr + offsets, tl.exp(exponent * tl.log(softplus / beta)), mask=mask)


def softplus_power_triton_wrapper(x, beta, exponent):
    x = x.contiguous()
    out = torch.empty_like(x)
    parameters = torch.tensor([beta, exponent], device=x.device, dtype=torch.float64)
    n_elements = x.numel()
    softplus_power_kernel[(triton.cdiv(n_elements, 512),)](x, out, parameters, n_elements, BLOCK=512)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(75, 101, device="cuda", dtype=torch.float64) * 2.0, 1.7, 1.3


# </TEST>
