# kinds: elementwise, views of bits, int32, integer output, several outputs, float32
"""Fused Kernels: take floats apart into sign, exponent and mantissa"""

# <PYTHON>
import torch


def float_parts_pytorch(x):
    bits = x.view(torch.int32)
    sign = bits < 0
    exponent = (bits >> 23 & 0xFF) - 127
    mantissa = bits & 0x7FFFFF
    return sign, exponent, mantissa


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def float_parts_kernel(x_ptr, sign_ptr, exponent_ptr, mantissa_ptr, n_elements, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    bits = tl.load(x_ptr + offsets, mask=mask, other=0.0).to(tl.int32, bitcast=True)
    tl.store(sign_ptr + offsets, bits < 0, mask=mask)
    tl.store(exponent_ptr + offsets, (bits >> 23 & 0xFF) - 127, mask=mask)
    tl.store(mantissa_ptr + offsets, bits & 0x7FFFFF, mask=mask)


def float_parts_triton_wrapper(x):
    x = x.contiguous()
    sign = torch.empty(x.shape, device=x.device, dtype=torch.bool)
    exponent = torch.empty(x.shape, device=x.device, dtype=torch.int32)
    mantissa = torch.empty_like(exponent)
    n_elements = x.numel()
    float_parts_kernel[(triton.cdiv(n_elements, 1024),)](x, sign, exponent, mantissa, n_elements, BLOCK=1024)
    return sign, exponent, mantissa


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(80, 60, device="cuda") * 10.0,)


# </TEST>
