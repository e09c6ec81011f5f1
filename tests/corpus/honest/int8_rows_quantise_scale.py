# kinds: quantisation, int8, integer output, several outputs, bfloat16, absolute maximum
"""Fused Kernels: RMS scale and quantisation of each row to int8 with its own factor"""

# <PYTHON>
import torch


def rms_quantise_pytorch(x, weight, eps):
    """The normalised row as int8, and the float32 factor that gives it back."""
    wide = x.float()
    normed = wide * torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + eps) * weight.float()
    scale = normed.abs().amax(dim=-1, keepdim=True) / 127.0
    return torch.round(normed / scale).to(torch.int8), scale.squeeze(-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl
from triton.language.extra import libdevice


@triton.jit
def rms_quantise_kernel(x_ptr, weight_ptr, out_ptr, scale_ptr, n_columns, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=0.0).to(tl.float32)
    weight = tl.load(weight_ptr + columns, mask=mask, other=0.0).to(tl.float32)
    normed = x * tl.rsqrt(tl.sum(x * x, axis=0) / n_columns + eps) * weight
    scale = tl.max(tl.abs(normed), axis=0) / 127.0
    quantised = libdevice.rint(normed / scale)
    tl.store(out_ptr + row * n_columns + columns, quantised.to(tl.int8), mask=mask)
    tl.store(scale_ptr + row, scale)


def rms_quantise_triton_wrapper(x, weight, eps):
    x = x.contiguous()
    n_columns = x.shape[-1]
    out = torch.empty(x.shape, device=x.device, dtype=torch.int8)
    scale = torch.empty(x.shape[:-1], device=x.device, dtype=torch.float32)
    rms_quantise_kernel[(scale.numel(),)](
        x, weight.contiguous(), out, scale, n_columns, eps, BLOCK=triton.next_power_of_2(n_columns)
    )
    return out, scale


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(50, 400, device="cuda", dtype=torch.bfloat16)
    return x, torch.rand(400, device="cuda", dtype=torch.bfloat16) + 0.5, 1e-6


# </TEST>
