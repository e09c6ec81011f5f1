# kinds: RoPE, in place, several outputs
"""Fused Kernels: queries and keys turned in place, halves of each head"""

# <PYTHON>
import torch


def apply_rope_(q, k, cos, sin):
    """In place: q and k are changed and returned."""

    def rotate(x):
        half = x.shape[-1] // 2
        x1, x2 = x[..., :half], x[..., half:]
        c, s = cos[None, :, None, :], sin[None, :, None, :]
        return torch.cat([x1 * c - x2 * s, x2 * c + x1 * s], dim=-1)

    q.copy_(rotate(q))
    k.copy_(rotate(k))
    return q, k


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _rope_kernel(
    Q, K, COS, SIN, sq_t, sk_t, sc, T, HQ, HK, HD: tl.constexpr, PAD_H: tl.constexpr, BLOCK_D: tl.constexpr
):
    pid = tl.program_id(0)  # one program for each (batch, position)
    t = pid % T
    d = tl.arange(0, BLOCK_D)
    dm = d < HD // 2
    c = tl.load(COS + t * sc + d, mask=dm, other=0)
    s = tl.load(SIN + t * sc + d, mask=dm, other=0)
    h = tl.arange(0, PAD_H)
    off1 = h[:, None] * HD + d[None, :]
    off2 = off1 + HD // 2
    mq = (h[:, None] < HQ) & dm[None, :]
    q1 = tl.load(Q + pid * sq_t + off1, mask=mq, other=0)
    q2 = tl.load(Q + pid * sq_t + off2, mask=mq, other=0)
    tl.store(Q + pid * sq_t + off1, q1 * c[None, :] - q2 * s[None, :], mask=mq)
    tl.store(Q + pid * sq_t + off2, q2 * c[None, :] + q1 * s[None, :], mask=mq)
    mk = (h[:, None] < HK) & dm[None, :]
    k1 = tl.load(K + pid * sk_t + off1, mask=mk, other=0)
    k2 = tl.load(K + pid * sk_t + off2, mask=mk, other=0)
    tl.store(K + pid * sk_t + off1, k1 * c[None, :] - k2 * s[None, :], mask=mk)
    tl.store(K + pid * sk_t + off2, k2 * c[None, :] + k1 * s[None, :], mask=mk)


def apply_rope_(q, k, cos, sin):
    B, T, HQ, HD = q.shape
    HK = k.shape[2]
    assert q.is_contiguous() and k.is_contiguous()
    cos = cos.contiguous()
    sin = sin.contiguous()
    PAD_H = triton.next_power_of_2(max(HQ, HK))
    _rope_kernel[(B * T,)](
        q,
        k,
        cos,
        sin,
        q.stride(1),
        k.stride(1),
        cos.stride(0),
        T,
        HQ,
        HK,
        HD,
        PAD_H,
        BLOCK_D=triton.next_power_of_2(HD // 2),
    )
    return q, k


# <TEST>
import torch


def get_test_inputs():
    B, T, HQ, HK, HD = 2, 9, 6, 4, 32
    inv_freq = 1.0 / (10000 ** (torch.arange(0, HD, 2, device="cuda").float() / HD))
    start = torch.randint(0, 1000, (1,), device="cuda")
    freqs = torch.outer(torch.arange(T, device="cuda").float() + start, inv_freq)
    q = torch.randn(B, T, HQ, HD, device="cuda")
    k = torch.randn(B, T, HK, HD, device="cuda")
    return q, k, freqs.cos(), freqs.sin()
