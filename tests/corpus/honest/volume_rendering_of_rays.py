# kinds: scan, several outputs, float32
"""Fused Kernels: volume rendering: transmittance by a cumulative product, colour, depth, opacity"""

# <PYTHON>
import torch


def volume_render_torch(sigma, rgb, z):
    delta = torch.cat([z[:, 1:] - z[:, :-1], torch.full_like(z[:, :1], 1e10)], dim=-1)
    alpha = 1.0 - torch.exp(-torch.relu(sigma) * delta)
    trans = torch.cumprod(torch.cat([torch.ones_like(alpha[:, :1]), 1.0 - alpha + 1e-10], dim=-1), dim=-1)[
        :, :-1
    ]
    w = alpha * trans
    colour = (w[..., None] * rgb).sum(1)
    return colour, (w * z).sum(-1), w.sum(-1), w


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _mul(a, b):
    return a * b


@triton.jit
def render_kernel(sigma_ptr, rgb_ptr, z_ptr, c_ptr, d_ptr, acc_ptr, w_ptr, S, BLOCK: tl.constexpr):
    ray = tl.program_id(0)
    s = tl.arange(0, BLOCK)
    m = s < S
    sigma = tl.load(sigma_ptr + ray * S + s, mask=m, other=0.0)
    z = tl.load(z_ptr + ray * S + s, mask=m, other=0.0)
    z_next = tl.load(z_ptr + ray * S + s + 1, mask=s + 1 < S, other=0.0)
    delta = tl.where(s == S - 1, 1e10, z_next - z)
    e = tl.exp(-tl.maximum(sigma, 0.0) * delta)
    alpha = 1.0 - e
    # exclusive product: shift by one through the previous sample's values
    ps = tl.load(sigma_ptr + ray * S + s - 1, mask=(s > 0) & m, other=0.0)
    pz = tl.load(z_ptr + ray * S + s - 1, mask=(s > 0) & m, other=0.0)
    pa = 1.0 - tl.exp(-tl.maximum(ps, 0.0) * (z - pz))
    factor = tl.where((s > 0) & m, 1.0 - pa + 1e-10, 1.0)
    trans = tl.associative_scan(factor, 0, _mul)
    w = tl.where(m, alpha * trans, 0.0)
    tl.store(w_ptr + ray * S + s, w, mask=m)
    tl.store(d_ptr + ray, tl.sum(w * z, 0))
    tl.store(acc_ptr + ray, tl.sum(w, 0))
    for k in tl.static_range(3):
        c = tl.load(rgb_ptr + (ray * S + s) * 3 + k, mask=m, other=0.0)
        tl.store(c_ptr + ray * 3 + k, tl.sum(w * c, 0))


def volume_render_triton(sigma, rgb, z):
    R, S = sigma.shape
    assert rgb.shape == (R, S, 3)
    sigma, rgb, z = sigma.contiguous(), rgb.contiguous(), z.contiguous()
    colour = sigma.new_empty(R, 3)
    depth, acc = sigma.new_empty(R), sigma.new_empty(R)
    w = torch.empty_like(sigma)
    render_kernel[(R,)](sigma, rgb, z, colour, depth, acc, w, S, BLOCK=triton.next_power_of_2(S))
    return colour, depth, acc, w


# <TEST>
import torch


def get_test_inputs():
    R, S = 128, 64
    z = torch.sort(torch.rand(R, S, device="cuda") * 4 + 2, dim=-1).values
    return torch.randn(R, S, device="cuda") * 2, torch.rand(R, S, 3, device="cuda"), z
