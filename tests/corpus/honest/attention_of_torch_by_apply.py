# kinds: attention, flash attention, causal, float16, autograd.Function, scaled_dot_product_attention
"""Fused Kernels: FlashAttention-2 forward through autograd.Function with context saves"""

# <PYTHON>
import torch
import torch.nn.functional as F


def attention(q, k, v, causal, sm_scale):
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal, scale=sm_scale)


# </PYTHON>
# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _attn_inner(
    acc,
    l_i,
    m_i,
    q,
    K,
    V,
    start_m,
    qk_scale,
    N_CTX,
    lo,
    hi,
    base,
    D: tl.constexpr,
    BM: tl.constexpr,
    BN: tl.constexpr,
    CAUSAL: tl.constexpr,
    offs_m,
    offs_n,
):
    offs_d = tl.arange(0, D)
    for start_n in range(lo, hi, BN):
        start_n = tl.multiple_of(start_n, BN)
        cols = start_n + offs_n
        k = tl.load(K + base + cols[None, :] * D + offs_d[:, None], mask=cols[None, :] < N_CTX, other=0.0)
        qk = tl.dot(q, k)
        ok = cols[None, :] < N_CTX
        if CAUSAL:
            ok = ok & (offs_m[:, None] >= cols[None, :])
        qk = tl.where(ok, qk * qk_scale, -1.0e6)
        m_ij = tl.maximum(m_i, tl.max(qk, 1))
        p = tl.math.exp2(qk - m_ij[:, None])
        alpha = tl.math.exp2(m_i - m_ij)
        l_i = l_i * alpha + tl.sum(p, 1)
        acc = acc * alpha[:, None]
        v = tl.load(V + base + cols[:, None] * D + offs_d[None, :], mask=cols[:, None] < N_CTX, other=0.0)
        acc = tl.dot(p.to(v.dtype), v, acc)
        m_i = m_ij
    return acc, l_i, m_i


@triton.jit
def _attn_fwd(
    Q,
    K,
    V,
    sm_scale,
    M,
    Out,
    N_CTX,
    D: tl.constexpr,
    BM: tl.constexpr,
    BN: tl.constexpr,
    CAUSAL: tl.constexpr,
):
    start_m = tl.program_id(0)
    off_hz = tl.program_id(1)
    base = off_hz.to(tl.int64) * N_CTX * D
    offs_m = start_m * BM + tl.arange(0, BM)
    offs_n = tl.arange(0, BN)
    offs_d = tl.arange(0, D)
    m_i = tl.zeros([BM], dtype=tl.float32) - float("inf")
    l_i = tl.zeros([BM], dtype=tl.float32) + 1.0
    acc = tl.zeros([BM, D], dtype=tl.float32)
    # the 1.0 above is scaled away by exp2(-inf) at the first block
    qk_scale = sm_scale * 1.44269504
    q = tl.load(Q + base + offs_m[:, None] * D + offs_d[None, :], mask=offs_m[:, None] < N_CTX, other=0.0)
    if CAUSAL:
        hi = tl.minimum((start_m + 1) * BM, N_CTX)
    else:
        hi = N_CTX
    acc, l_i, m_i = _attn_inner(
        acc, l_i, m_i, q, K, V, start_m, qk_scale, N_CTX, 0, hi, base, D, BM, BN, CAUSAL, offs_m, offs_n
    )
    m_i += tl.math.log2(l_i)
    acc = acc / l_i[:, None]
    tl.store(M + off_hz * N_CTX + offs_m, m_i, mask=offs_m < N_CTX)
    tl.store(
        Out + base + offs_m[:, None] * D + offs_d[None, :],
        acc.to(Out.type.element_ty),
        mask=offs_m[:, None] < N_CTX,
    )


class _attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v, causal, sm_scale):
        HEAD_DIM_Q, HEAD_DIM_K = q.shape[-1], k.shape[-1]
        assert HEAD_DIM_Q == HEAD_DIM_K and HEAD_DIM_K in {16, 32, 64, 128, 256}
        q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
        o = torch.empty_like(q)
        M = torch.empty((q.shape[0], q.shape[1], q.shape[2]), device=q.device, dtype=torch.float32)
        grid = lambda args: (triton.cdiv(q.shape[2], args["BM"]), q.shape[0] * q.shape[1], 1)
        ctx.grid = grid
        _attn_fwd[grid](
            q,
            k,
            v,
            sm_scale,
            M,
            o,
            q.shape[2],
            D=HEAD_DIM_K,
            BM=64,
            BN=32,
            CAUSAL=causal,
            num_warps=4,
            num_stages=3,
        )
        ctx.save_for_backward(q, k, v, o, M)
        ctx.sm_scale = sm_scale
        ctx.causal = causal
        return o


attention = _attention.apply
# </TRITON>
# <TEST>
import torch


def get_test_inputs():
    Z, H, N_CTX, HEAD_DIM = 1, 2, 256, 64
    dtype = torch.float16
    q = torch.empty((Z, H, N_CTX, HEAD_DIM), dtype=dtype, device="cuda").normal_(mean=0.0, std=0.5)
    k = torch.empty((Z, H, N_CTX, HEAD_DIM), dtype=dtype, device="cuda").normal_(mean=0.0, std=0.5)
    v = torch.empty((Z, H, N_CTX, HEAD_DIM), dtype=dtype, device="cuda").normal_(mean=0.0, std=0.5)
    return q, k, v, True, 0.5


# </TEST>
