# kinds: linear attention, recurrence, several outputs, heuristics, float32
"""Fused Kernels: recurrent gated delta rule: outputs and the final state"""

# <PYTHON>
import torch


def recurrent_gated_delta_rule_ref(q, k, v, beta, g, initial_state=None):
    q, k, v, beta, g = (x.transpose(1, 2).contiguous().to(torch.float32) for x in (q, k, v, beta, g))
    B, H, T, K = q.shape
    V = v.shape[-1]
    o = torch.zeros(B, H, T, V, device=q.device, dtype=torch.float32)
    h = torch.zeros(B, H, K, V, device=q.device, dtype=torch.float32)
    if initial_state is not None:
        h = initial_state.clone()
    q = q * K**-0.5
    for i in range(T):
        h = h * g[:, :, i].exp()[..., None, None]
        b_v = v[:, :, i] - (h * k[:, :, i, :, None]).sum(-2)
        b_v = b_v * beta[:, :, i, None]
        h = h + k[:, :, i].unsqueeze(-1) * b_v.unsqueeze(-2)
        o[:, :, i] = torch.einsum("bhd,bhdm->bhm", q[:, :, i], h)
    return o.transpose(1, 2).contiguous(), h


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.heuristics(
    {
        "USE_INITIAL_STATE": lambda args: args["h0"] is not None,
        "STORE_FINAL_STATE": lambda args: args["ht"] is not None,
    }
)
@triton.jit(do_not_specialize=["T"])
def fused_recurrent_gated_delta_rule_fwd_kernel(
    q,
    k,
    v,
    g,
    beta,
    o,
    h0,
    ht,
    scale,
    T,
    H: tl.constexpr,
    K: tl.constexpr,
    V: tl.constexpr,
    BK: tl.constexpr,
    BV: tl.constexpr,
    USE_INITIAL_STATE: tl.constexpr,
    STORE_FINAL_STATE: tl.constexpr,
):
    i_v, i_nh = tl.program_id(0), tl.program_id(1)
    i_n, i_h = i_nh // H, i_nh % H
    bos = (i_n * T).to(tl.int64)

    o_k = tl.arange(0, BK)
    o_v = i_v * BV + tl.arange(0, BV)

    p_q = q + (bos * H + i_h) * K + o_k
    p_k = k + (bos * H + i_h) * K + o_k
    p_v = v + (bos * H + i_h) * V + o_v
    p_beta = beta + bos * H + i_h
    p_g = g + bos * H + i_h
    p_o = o + (bos * H + i_h) * V + o_v

    mask_k = o_k < K
    mask_v = o_v < V
    mask_h = mask_k[:, None] & mask_v[None, :]

    b_h = tl.zeros([BK, BV], dtype=tl.float32)
    if USE_INITIAL_STATE:
        p_h0 = h0 + i_nh * K * V + o_k[:, None] * V + o_v[None, :]
        b_h += tl.load(p_h0, mask=mask_h, other=0).to(tl.float32)

    for _ in range(0, T):
        b_q = tl.load(p_q, mask=mask_k, other=0).to(tl.float32)
        b_k = tl.load(p_k, mask=mask_k, other=0).to(tl.float32)
        b_v = tl.load(p_v, mask=mask_v, other=0).to(tl.float32)
        b_g = tl.load(p_g).to(tl.float32)
        b_beta = tl.load(p_beta).to(tl.float32)
        b_q = b_q * scale
        b_h *= tl.exp(b_g)
        b_v -= tl.sum(b_h * b_k[:, None], 0)
        b_v *= b_beta
        b_h += b_k[:, None] * b_v[None, :]
        b_o = tl.sum(b_h * b_q[:, None], 0)
        tl.store(p_o, b_o.to(p_o.dtype.element_ty), mask=mask_v)

        p_q += H * K
        p_k += H * K
        p_o += H * V
        p_v += H * V
        p_g += H
        p_beta += H

    if STORE_FINAL_STATE:
        p_ht = ht + i_nh * K * V + o_k[:, None] * V + o_v[None, :]
        tl.store(p_ht, b_h.to(p_ht.dtype.element_ty), mask=mask_h)


def fused_recurrent_gated_delta_rule(q, k, v, beta, g, initial_state=None):
    q, k, v, beta, g = [t.contiguous() for t in (q, k, v, beta, g)]
    if initial_state is not None:
        initial_state = initial_state.contiguous()
    B, T, H, K, V = *k.shape, v.shape[-1]
    BK, BV = triton.next_power_of_2(K), min(triton.next_power_of_2(V), 8)
    NV = triton.cdiv(V, BV)
    o = q.new_empty(B, T, H, V)
    final_state = q.new_empty(B, H, K, V, dtype=torch.float32)
    grid = (NV, B * H)
    fused_recurrent_gated_delta_rule_fwd_kernel[grid](
        q=q,
        k=k,
        v=v,
        g=g,
        beta=beta,
        o=o,
        h0=initial_state,
        ht=final_state,
        scale=K**-0.5,
        T=T,
        H=H,
        K=K,
        V=V,
        BK=BK,
        BV=BV,
        num_warps=1,
        num_stages=3,
    )
    return o, final_state


# </TRITON>

# <TEST>
import torch
import torch.nn.functional as F


def get_test_inputs():
    B, T, H, K, V = 2, 24, 2, 32, 16
    q = torch.randn(B, T, H, K, device="cuda")
    k = F.normalize(torch.randn(B, T, H, K, device="cuda"), p=2, dim=-1)
    v = torch.randn(B, T, H, V, device="cuda")
    beta = torch.rand(B, T, H, device="cuda").sigmoid()
    g = F.logsigmoid(torch.rand(B, T, H, device="cuda"))
    h0 = torch.zeros(B, H, K, V, device="cuda")
    return q, k, v, beta, g, h0


# </TEST>
