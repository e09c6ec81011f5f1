# kinds: normalisation, RMSNorm, residual, several outputs, float16, open style
"""Fused Kernels: residual addition and RMSNorm, returning the sum for the next layer too"""

# <PYTHON>
import torch


def add_rmsnorm(x, residual, weight, eps):
    hidden = x + residual
    wide = hidden.float()
    normed = wide * torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + eps)
    return (normed * weight.float()).to(x.dtype), hidden


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def add_rmsnorm_kernel(
    x_ptr, residual_ptr, weight_ptr, normed_ptr, hidden_ptr, n_columns, eps, BLOCK: tl.constexpr
):
    start = tl.program_id(0) * n_columns
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + start + columns, mask=mask, other=0.0)
    residual = tl.load(residual_ptr + start + columns, mask=mask, other=0.0)
    # Added in float16, as the reference does: the norm is taken of the rounded sum.
    hidden = x + residual
    tl.store(hidden_ptr + start + columns, hidden, mask=mask)
    wide = hidden.to(tl.float32)
    scale = tl.rsqrt(tl.sum(wide * wide, axis=0) / n_columns + eps)
    weight = tl.load(weight_ptr + columns, mask=mask, other=0.0).to(tl.float32)
    tl.store(normed_ptr + start + columns, (wide * scale * weight).to(tl.float16), mask=mask)


def add_rmsnorm(x, residual, weight, eps):
    x, residual = x.contiguous(), residual.contiguous()
    n_columns = x.shape[-1]
    normed, hidden = torch.empty_like(x), torch.empty_like(x)
    add_rmsnorm_kernel[(x.numel() // n_columns,)](
        x,
        residual,
        weight.contiguous(),
        normed,
        hidden,
        n_columns,
        eps,
        BLOCK=triton.next_power_of_2(n_columns),
    )
    return normed, hidden


# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(70, 480, device="cuda", dtype=torch.float16)
    residual = torch.randn(70, 480, device="cuda", dtype=torch.float16)
    weight = torch.rand(480, device="cuda", dtype=torch.float16) + 0.5
    return x, residual, weight, 1e-6
