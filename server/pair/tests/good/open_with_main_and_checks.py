"""Bias and SiLU.

A second paragraph, which is no title.
"""
from __future__ import annotations

# <PYTHON>
import torch


@torch.no_grad()
def silu_bias_torch(x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    y = x + bias
    return y * torch.sigmoid(y)


# <TRITON>
from typing import Optional

import torch
import triton
from triton import language as tl

CONFIGS = [triton.Config({"BLOCK": block}, num_warps=warps) for block in (512, 1024) for warps in (4, 8)]


@triton.autotune(configs=CONFIGS, key=["size"])
@triton.jit
def silu_bias_kernel(x_ptr, bias_ptr, out_ptr, columns, size, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    y = tl.load(x_ptr + at, mask=inside) + tl.load(bias_ptr + at % columns, mask=inside)
    tl.store(out_ptr + at, y * tl.sigmoid(y), mask=inside)


def silu_bias_triton(x: torch.Tensor, bias: torch.Tensor, out: Optional[torch.Tensor] = None) -> torch.Tensor:
    out = torch.empty_like(x) if out is None else out
    silu_bias_kernel[lambda meta: (triton.cdiv(x.numel(), meta["BLOCK"]),)](x, bias, out, x.shape[-1], x.numel())
    return out


# <TEST>
import torch


def get_test_inputs():
    device = "cuda"
    make = lambda *shape: torch.randn(*shape, device=device, dtype=torch.float16)
    return make(512, 768), make(768)


def test_close():
    inputs = get_test_inputs()
    torch.testing.assert_close(silu_bias_triton(*inputs), silu_bias_torch(*inputs))


def main():
    test_close()


# Main execution
if __name__ == "__main__":
    import sys

    main()
    sys.exit(0)
