# kinds: elementwise, custom operator, torch.library, float16, type annotations
"""Fused Kernels: scaled SiLU as an operator that torch's compiler can see through"""

# <PYTHON>
import torch
import torch.nn.functional as F


def scaled_silu_torch(x: torch.Tensor, scale: float) -> torch.Tensor:
    return F.silu(x) * scale


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def scaled_silu_kernel(x_ptr, out_ptr, scale, n_elements, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
    tl.store(out_ptr + offsets, (x * tl.sigmoid(x) * scale).to(tl.float16), mask=mask)


@torch.library.custom_op("fused_examples::scaled_silu", mutates_args=())
def scaled_silu_operator(x: torch.Tensor, scale: float) -> torch.Tensor:
    x = x.contiguous()
    out = torch.empty_like(x)
    n_elements = x.numel()
    scaled_silu_kernel[(triton.cdiv(n_elements, 1024),)](x, out, scale, n_elements, BLOCK=1024)
    return out


@scaled_silu_operator.register_fake
def _(x: torch.Tensor, scale: float) -> torch.Tensor:
    return torch.empty_like(x)


def scaled_silu_triton(x: torch.Tensor, scale: float) -> torch.Tensor:
    return scaled_silu_operator(x, scale)


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(60, 150, device="cuda", dtype=torch.float16), 1.5
