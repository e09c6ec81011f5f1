# kinds: graphics, sequential loop in the kernel, transmittance, several outputs, float32
"""Fused Kernels: front-to-back compositing of layers with alpha"""

# <PYTHON>
import torch


def composite(rgb, alpha, background):
    """rgb: (L, 3, P); alpha: (L, P); background: (3,)."""
    T = torch.cumprod(1 - alpha, dim=0)
    before = torch.cat([torch.ones_like(T[:1]), T[:-1]], dim=0)
    weights = alpha * before
    colour = (weights[:, None, :] * rgb).sum(0) + T[-1][None, :] * background[:, None]
    return colour, 1 - T[-1]


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def composite_kernel(rgb_ptr, a_ptr, bg_ptr, out_ptr, opacity_ptr, L, P, BLOCK: tl.constexpr):
    p = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = p < P
    T = tl.full((BLOCK,), 1.0, tl.float32)
    r = tl.zeros((BLOCK,), tl.float32)
    g = tl.zeros((BLOCK,), tl.float32)
    b = tl.zeros((BLOCK,), tl.float32)
    for layer in range(L):
        a = tl.load(a_ptr + layer * P + p, mask=mask, other=0.0)
        w = a * T
        r += w * tl.load(rgb_ptr + (layer * 3) * P + p, mask=mask, other=0.0)
        g += w * tl.load(rgb_ptr + (layer * 3 + 1) * P + p, mask=mask, other=0.0)
        b += w * tl.load(rgb_ptr + (layer * 3 + 2) * P + p, mask=mask, other=0.0)
        T *= 1.0 - a
    tl.store(out_ptr + p, r + T * tl.load(bg_ptr), mask=mask)
    tl.store(out_ptr + P + p, g + T * tl.load(bg_ptr + 1), mask=mask)
    tl.store(out_ptr + 2 * P + p, b + T * tl.load(bg_ptr + 2), mask=mask)
    tl.store(opacity_ptr + p, 1.0 - T, mask=mask)


def composite_triton(rgb, alpha, background):
    rgb, alpha, background = rgb.contiguous(), alpha.contiguous(), background.contiguous()
    L, _, P = rgb.shape
    colour = torch.empty((3, P), device=rgb.device, dtype=rgb.dtype)
    opacity = torch.empty(P, device=rgb.device, dtype=rgb.dtype)
    composite_kernel[(triton.cdiv(P, 256),)](rgb, alpha, background, colour, opacity, L, P, BLOCK=256)
    return colour, opacity


# <TEST>
import torch


def get_test_inputs():
    L, P = 12, 2000
    return (
        torch.rand(L, 3, P, device="cuda"),
        torch.rand(L, P, device="cuda") * 0.6,
        torch.tensor([1.0, 1.0, 1.0], device="cuda"),
    )
