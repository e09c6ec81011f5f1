# kinds: RoPE, partial rotation, float32
"""Fused Kernels: rotary embedding of every two, with tables that repeat each angle"""

# <PYTHON>
import torch


def rotate_every_two(x):
    x1 = x[:, :, :, ::2]
    x2 = x[:, :, :, 1::2]
    x = torch.stack((-x2, x1), dim=-1)
    return x.flatten(-2)


def gptj_rope_pytorch(x, sin, cos, rotary_dim):
    rot, rest = x[..., :rotary_dim], x[..., rotary_dim:]
    rot = rot * cos[None, :, None, :] + rotate_every_two(rot) * sin[None, :, None, :]
    return torch.cat([rot, rest], dim=-1)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def gptj_rope_kernel(x_ptr, sin_ptr, cos_ptr, o_ptr, S, H, D, R, HALF_BLOCK: tl.constexpr):
    pid = tl.program_id(0)
    s = (pid // H) % S
    i = tl.arange(0, HALF_BLOCK)
    base = pid.to(tl.int64) * D
    m = 2 * i < R
    sin = tl.load(sin_ptr + s * R + 2 * i, mask=m, other=0.0)
    cos = tl.load(cos_ptr + s * R + 2 * i, mask=m, other=1.0)
    full = 2 * i < D
    a = tl.load(x_ptr + base + 2 * i, mask=full, other=0.0)
    b = tl.load(x_ptr + base + 2 * i + 1, mask=full, other=0.0)
    # beyond rotary_dim sin is 0 and cos is 1
    tl.store(o_ptr + base + 2 * i, a * cos - b * sin, mask=full)
    tl.store(o_ptr + base + 2 * i + 1, b * cos + a * sin, mask=full)


def gptj_rope_triton(x, sin, cos, rotary_dim):
    B, S, H, D = x.shape
    assert D % 2 == 0 and rotary_dim % 2 == 0 and rotary_dim <= D
    assert sin.shape == cos.shape == (S, rotary_dim)
    x, sin, cos = x.contiguous(), sin.contiguous(), cos.contiguous()
    out = torch.empty_like(x)
    gptj_rope_kernel[(B * S * H,)](
        x, sin, cos, out, S, H, D, rotary_dim, HALF_BLOCK=triton.next_power_of_2(D // 2)
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    B, S, H, D, R = 2, 40, 4, 96, 64
    x = torch.randn(B, S, H, D, device="cuda")
    inv = 1.0 / (10000 ** (torch.arange(0, R, 2, device="cuda").float() / R))
    ang = torch.einsum("i,j->ij", torch.arange(S, device="cuda").float(), inv).repeat_interleave(2, dim=-1)
    return x, ang.sin(), ang.cos(), R
