# kinds: quantisation, float16
"""Fused Kernels: weights quantised and dequantised again, by the inverse of the scale in float32"""

# <PYTHON>
import torch


def fake_quantize_torch(w, n_bits: int = 8):
    qmax = 2 ** (n_bits - 1) - 1
    scale = w.abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / qmax
    return torch.clamp(torch.round(w / scale), -qmax - 1, qmax) * scale


# <TRITON>
import torch
import triton
import triton.language as tl
from triton.language.extra import libdevice


@triton.jit
def fake_quantize_kernel(w_ptr, out_ptr, n_cols, qmax, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    cols = tl.arange(0, BLOCK)
    mask = cols < n_cols
    w = tl.load(w_ptr + row * n_cols + cols, mask=mask, other=0.0).to(tl.float32)
    amax = tl.maximum(tl.max(tl.abs(w), axis=0), 1e-8)
    scale = amax / qmax
    inverse = qmax / amax
    q = libdevice.rint(w * inverse)
    q = tl.minimum(tl.maximum(q, -qmax - 1.0), qmax * 1.0)
    tl.store(out_ptr + row * n_cols + cols, q * scale, mask=mask)


def fake_quantize_triton(w, n_bits: int = 8):
    w = w.contiguous()
    out = torch.empty_like(w)
    rows, n_cols = w.shape
    qmax = 2 ** (n_bits - 1) - 1
    fake_quantize_kernel[(rows,)](w, out, n_cols, qmax, BLOCK=triton.next_power_of_2(n_cols), num_warps=4)
    return out


# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 300, device="cuda", dtype=torch.float16),)
