# kinds: attention, grouped-query attention, causal, float16, float32 reference of 16 bits
"""Fused Kernels: causal grouped-query attention, flash style"""

# <PYTHON>
import math
import torch


def gqa_attention(q, k, v, sm_scale=None):
    # q: [B, HQ, T, D]; k, v: [B, HKV, T, D]
    B, HQ, T, D = q.shape
    HKV = k.shape[1]
    if sm_scale is None:
        sm_scale = 1.0 / math.sqrt(D)
    k = k.repeat_interleave(HQ // HKV, dim=1)
    v = v.repeat_interleave(HQ // HKV, dim=1)
    scores = torch.matmul(q.float(), k.float().transpose(-1, -2)) * sm_scale
    causal = torch.ones(T, T, dtype=torch.bool, device=q.device).tril()
    scores = scores.masked_fill(~causal, float("-inf"))
    p = torch.softmax(scores, dim=-1)
    return torch.matmul(p, v.float()).to(q.dtype)


# </PYTHON>
# <TRITON>
import math
import torch
import triton
import triton.language as tl


@triton.jit
def _attn_fwd(
    Q,
    K,
    V,
    Out,
    sm_scale,
    stride_qz,
    stride_qh,
    stride_qm,
    stride_qd,
    stride_kz,
    stride_kh,
    stride_kn,
    stride_kd,
    stride_vz,
    stride_vh,
    stride_vn,
    stride_vd,
    stride_oz,
    stride_oh,
    stride_om,
    stride_od,
    HQ,
    G,
    T,
    HEAD_DIM: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
):
    start_m = tl.program_id(0)
    off_hz = tl.program_id(1)
    off_z = off_hz // HQ
    off_h = off_hz % HQ
    off_kv = off_h // G
    offs_m = start_m * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_n = tl.arange(0, BLOCK_N)
    offs_d = tl.arange(0, HEAD_DIM)
    q = tl.load(
        Q + off_z * stride_qz + off_h * stride_qh + offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd,
        mask=offs_m[:, None] < T,
        other=0.0,
    )
    m_i = tl.full([BLOCK_M], float("-inf"), dtype=tl.float32)
    l_i = tl.zeros([BLOCK_M], dtype=tl.float32)
    acc = tl.zeros([BLOCK_M, HEAD_DIM], dtype=tl.float32)
    qk_scale = sm_scale * 1.44269504  # 1/log(2)
    hi = tl.minimum((start_m + 1) * BLOCK_M, T)
    for start_n in range(0, hi, BLOCK_N):
        n = start_n + offs_n
        k = tl.load(
            K + off_z * stride_kz + off_kv * stride_kh + n[None, :] * stride_kn + offs_d[:, None] * stride_kd,
            mask=n[None, :] < T,
            other=0.0,
        )
        qk = tl.dot(q, k) * qk_scale
        qk = tl.where((offs_m[:, None] >= n[None, :]) & (n[None, :] < T), qk, float("-inf"))
        m_ij = tl.maximum(m_i, tl.max(qk, 1))
        p = tl.math.exp2(qk - m_ij[:, None])
        alpha = tl.math.exp2(m_i - m_ij)
        l_i = l_i * alpha + tl.sum(p, 1)
        v = tl.load(
            V + off_z * stride_vz + off_kv * stride_vh + n[:, None] * stride_vn + offs_d[None, :] * stride_vd,
            mask=n[:, None] < T,
            other=0.0,
        )
        acc = acc * alpha[:, None] + tl.dot(p.to(v.dtype), v)
        m_i = m_ij
    acc = acc / l_i[:, None]
    tl.store(
        Out
        + off_z * stride_oz
        + off_h * stride_oh
        + offs_m[:, None] * stride_om
        + offs_d[None, :] * stride_od,
        acc.to(Out.type.element_ty),
        mask=offs_m[:, None] < T,
    )


def gqa_attention(q, k, v, sm_scale=None):
    B, HQ, T, D = q.shape
    HKV = k.shape[1]
    assert HQ % HKV == 0
    assert D in {16, 32, 64, 128, 256}
    if sm_scale is None:
        sm_scale = 1.0 / math.sqrt(D)
    o = torch.empty_like(q)
    BLOCK_M, BLOCK_N = 64, 32
    grid = (triton.cdiv(T, BLOCK_M), B * HQ, 1)
    _attn_fwd[grid](
        q,
        k,
        v,
        o,
        sm_scale,
        *q.stride(),
        *k.stride(),
        *v.stride(),
        *o.stride(),
        HQ,
        HQ // HKV,
        T,
        HEAD_DIM=D,
        BLOCK_M=BLOCK_M,
        BLOCK_N=BLOCK_N,
        num_warps=4,
        num_stages=2,
    )
    return o


# </TRITON>
# <TEST>
import torch


def get_test_inputs():
    B, HQ, HKV, T, D = 2, 8, 2, 200, 64
    q = torch.randn(B, HQ, T, D, device="cuda", dtype=torch.float16)
    k = torch.randn(B, HKV, T, D, device="cuda", dtype=torch.float16)
    v = torch.randn(B, HKV, T, D, device="cuda", dtype=torch.float16)
    return q, k, v


# </TEST>
