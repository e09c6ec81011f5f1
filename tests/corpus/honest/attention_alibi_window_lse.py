# kinds: attention, ALiBi, sliding window, several outputs, float16, widened to float32
"""Fused Kernels: attention with ALiBi slopes and a sliding window, and its log-sum-exp"""

# <PYTHON>
import math
import torch


def alibi_attention_torch(q, k, v, slopes, window):
    B, H, T, D = q.shape
    s = torch.einsum("bhqd,bhkd->bhqk", q.float(), k.float()) / math.sqrt(D)
    i = torch.arange(T, device=q.device)
    dist = i[:, None] - i[None, :]
    s = s - slopes[None, :, None, None] * dist.abs()
    allowed = (dist >= 0) & (dist < window)
    s = s.masked_fill(~allowed, float("-inf"))
    lse = torch.logsumexp(s, dim=-1)
    o = torch.einsum("bhqk,bhkd->bhqd", torch.exp(s - lse[..., None]), v.float())
    return o.to(q.dtype), lse


# </PYTHON>

# <TRITON>
import math
import torch
import triton
import triton.language as tl

LOG2E = tl.constexpr(1.4426950408889634)
LN2 = tl.constexpr(0.6931471805599453)


@triton.jit
def _attn_fwd(
    Q,
    K,
    V,
    SLOPES,
    O,
    LSE,
    stride_b,
    stride_h,
    stride_t,
    stride_d,
    H,
    T,
    window,
    sm_scale,
    D: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
):
    start_m = tl.program_id(0) * BLOCK_M
    bh = tl.program_id(1)
    base = (bh // H).to(tl.int64) * stride_b + (bh % H).to(tl.int64) * stride_h
    offs_m = start_m + tl.arange(0, BLOCK_M)
    offs_d = tl.arange(0, D)
    q = tl.load(
        Q + base + offs_m[:, None] * stride_t + offs_d[None, :] * stride_d,
        mask=offs_m[:, None] < T,
        other=0.0,
    )
    slope = tl.load(SLOPES + bh % H) * LOG2E
    qk_scale = sm_scale * LOG2E
    m_i = tl.full((BLOCK_M,), -1.0e30, tl.float32)
    l_i = tl.zeros((BLOCK_M,), tl.float32)
    acc = tl.zeros((BLOCK_M, D), tl.float32)
    lo = tl.maximum(start_m - window + 1, 0) // BLOCK_N * BLOCK_N
    hi = tl.minimum(start_m + BLOCK_M, T)
    for start_n in range(lo, hi, BLOCK_N):
        offs_n = start_n + tl.arange(0, BLOCK_N)
        kmask = offs_n < T
        k = tl.load(
            K + base + offs_n[None, :] * stride_t + offs_d[:, None] * stride_d, mask=kmask[None, :], other=0.0
        )
        v = tl.load(
            V + base + offs_n[:, None] * stride_t + offs_d[None, :] * stride_d, mask=kmask[:, None], other=0.0
        )
        dist = offs_m[:, None] - offs_n[None, :]
        qk = tl.dot(q, k) * qk_scale - slope * dist.to(tl.float32)
        qk = tl.where((dist >= 0) & (dist < window) & kmask[None, :], qk, float("-inf"))
        m_new = tl.maximum(m_i, tl.max(qk, 1))
        p = tl.math.exp2(qk - m_new[:, None])
        alpha = tl.math.exp2(m_i - m_new)
        l_i = l_i * alpha + tl.sum(p, 1)
        acc = acc * alpha[:, None]
        acc = tl.dot(p.to(v.dtype), v, acc)
        m_i = m_new
    acc = acc / l_i[:, None]
    tl.store(
        O + base + offs_m[:, None] * stride_t + offs_d[None, :] * stride_d,
        acc.to(O.dtype.element_ty),
        mask=offs_m[:, None] < T,
    )
    tl.store(LSE + bh * T + offs_m, (m_i + tl.math.log2(l_i)) * LN2, mask=offs_m < T)


def alibi_attention_triton(q, k, v, slopes, window):
    q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
    B, H, T, D = q.shape
    assert D in {16, 32, 64, 128}
    assert k.shape == v.shape == q.shape
    o = torch.empty_like(q)
    lse = torch.empty((B, H, T), device=q.device, dtype=torch.float32)
    BLOCK_M = 64
    grid = (triton.cdiv(T, BLOCK_M), B * H, 1)
    _attn_fwd[grid](
        q,
        k,
        v,
        slopes,
        o,
        lse,
        *q.stride(),
        H,
        T,
        window,
        1.0 / math.sqrt(D),
        D=D,
        BLOCK_M=BLOCK_M,
        BLOCK_N=32,
        num_warps=4,
        num_stages=2,
    )
    return o, lse


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    B, H, T, D = 2, 4, 200, 64
    q, k, v = (torch.randn(B, H, T, D, device="cuda", dtype=torch.float16) for _ in range(3))
    slopes = torch.tensor([2.0 ** (-8.0 * (i + 1) / H) for i in range(H)], device="cuda")
    return q, k, v, slopes, 70


# </TEST>
