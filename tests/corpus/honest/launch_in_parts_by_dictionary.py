# kinds: launch arguments in a dictionary, grid in parts, dataclass, scalar arguments, float16
"""Fused Kernels: scale, softcap by tanh and residual, launched in parts"""

# <PYTHON>
import torch


def softcap_residual(x, residual, cap, scale):
    y = cap * torch.tanh(x.float() * scale / cap)
    return (y + residual.float()).to(x.dtype)


# </PYTHON>

# <TRITON>
import functools
from dataclasses import dataclass

import torch
import triton
import triton.language as tl

LARGEST_GRID = 16


@dataclass(frozen=True)
class Settings:
    block: int = 256
    warps: int = 4

    @classmethod
    def of(cls, size):
        return cls(block=min(1024, triton.next_power_of_2(size)))


@triton.jit
def softcap_residual_kernel(x_ptr, residual_ptr, out_ptr, cap, scale, size, first, BLOCK: tl.constexpr):
    offsets = (first + tl.program_id(0)) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < size
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
    residual = tl.load(residual_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
    capped = cap * (2.0 * tl.sigmoid(2.0 * x * scale / cap) - 1.0)
    tl.store(out_ptr + offsets, (capped + residual).to(out_ptr.dtype.element_ty), mask=mask)


def launch_in_parts(kernel, programs, arguments, num_warps):
    for first in range(0, programs, LARGEST_GRID):
        arguments["first"] = first
        kernel[(min(LARGEST_GRID, programs - first),)](**arguments, num_warps=num_warps)


def softcap_residual(x, residual, cap, scale):
    x, residual = x.contiguous(), residual.contiguous()
    out = torch.empty_like(x)
    settings = Settings.of(x.shape[-1])
    arguments = {"x_ptr": x, "residual_ptr": residual, "out_ptr": out, "cap": cap, "scale": scale}
    launch = functools.partial(launch_in_parts, softcap_residual_kernel, num_warps=settings.warps)
    programs = triton.cdiv(x.numel(), settings.block)
    launch(programs, arguments | {"size": x.numel(), "BLOCK": settings.block})
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(37, 500, device="cuda", dtype=torch.float16)
    return x, torch.randn_like(x), 30.0, 4.0


# </TEST>
