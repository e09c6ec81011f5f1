# kinds: mixture of experts, routing, atomics, two kernels, host glue, float32
"""Fused Kernels: sparse mixture of experts, tokens sorted by expert"""

# <PYTHON>
import torch
import torch.nn.functional as F


def mixtral_moe_pytorch(hidden, gate_w, w1, w3, w2, top_k):
    # hidden [T, D], gate_w [E, D], w1/w3 [E, I, D], w2 [E, D, I]
    router_logits = hidden @ gate_w.t()
    weights = F.softmax(router_logits, dim=1, dtype=torch.float)
    weights, selected = torch.topk(weights, top_k, dim=-1)
    weights = weights / weights.sum(dim=-1, keepdim=True)
    out = torch.zeros_like(hidden)
    expert_mask = F.one_hot(selected, num_classes=gate_w.shape[0]).permute(2, 1, 0)
    for expert in range(gate_w.shape[0]):
        slot, token = torch.where(expert_mask[expert])
        x = hidden[token]
        h = F.silu(x @ w1[expert].t()) * (x @ w3[expert].t())
        y = (h @ w2[expert].t()) * weights[token, slot, None]
        out.index_add_(0, token, y.to(hidden.dtype))
    return out


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def route_kernel(x_ptr, g_ptr, id_ptr, w_ptr, D, E, K: tl.constexpr, BD: tl.constexpr, BE: tl.constexpr):
    t = tl.program_id(0)
    e = tl.arange(0, BE)
    logits = tl.zeros([BE], tl.float32)
    for d0 in range(0, D, BD):
        d = d0 + tl.arange(0, BD)
        x = tl.load(x_ptr + t * D + d, mask=d < D, other=0.0)
        g = tl.load(g_ptr + e[:, None] * D + d[None, :], mask=(e[:, None] < E) & (d[None, :] < D), other=0.0)
        logits += tl.sum(g * x[None, :], axis=1)
    logits = tl.where(e < E, logits, float("-inf"))
    top = tl.max(logits, axis=0)
    p = tl.exp(logits - top)
    left = logits
    total = 0.0
    for k in tl.static_range(K):
        best = tl.argmax(left, axis=0)
        pk = tl.sum(tl.where(e == best, p, 0.0), axis=0)
        total += pk
        tl.store(id_ptr + t * K + k, best)
        tl.store(w_ptr + t * K + k, pk)
        left = tl.where(e == best, float("-inf"), left)
    for k in tl.static_range(K):
        pk = tl.load(w_ptr + t * K + k)
        tl.store(w_ptr + t * K + k, pk / total)


@triton.jit
def expert_kernel(
    x_ptr,
    order_ptr,
    start_ptr,
    w1_ptr,
    w3_ptr,
    w2_ptr,
    weight_ptr,
    out_ptr,
    D,
    I,
    K: tl.constexpr,
    BM: tl.constexpr,
    BI: tl.constexpr,
    BD: tl.constexpr,
    BO: tl.constexpr,
):
    e = tl.program_id(0)
    first = tl.load(start_ptr + e)
    last = tl.load(start_ptr + e + 1)
    i = tl.program_id(1) * BI + tl.arange(0, BI)
    for m0 in range(first, last, BM):
        m = m0 + tl.arange(0, BM)
        mm = m < last
        slot = tl.load(order_ptr + m, mask=mm, other=0)
        token = slot // K
        a = tl.zeros([BM, BI], tl.float32)
        b = tl.zeros([BM, BI], tl.float32)
        for d0 in range(0, D, BD):
            d = d0 + tl.arange(0, BD)
            x = tl.load(
                x_ptr + token[:, None] * D + d[None, :], mask=mm[:, None] & (d[None, :] < D), other=0.0
            )
            wm = (i[None, :] < I) & (d[:, None] < D)
            off = (e * I + i[None, :]) * D + d[:, None]
            a = tl.dot(x, tl.load(w1_ptr + off, mask=wm, other=0.0), a, input_precision="ieee")
            b = tl.dot(x, tl.load(w3_ptr + off, mask=wm, other=0.0), b, input_precision="ieee")
        h = a * tl.sigmoid(a) * b
        w = tl.load(weight_ptr + slot, mask=mm, other=0.0)
        for o0 in range(0, D, BO):
            o = o0 + tl.arange(0, BO)
            w2 = tl.load(
                w2_ptr + (e * D + o[None, :]) * I + i[:, None],
                mask=(o[None, :] < D) & (i[:, None] < I),
                other=0.0,
            )
            y = tl.dot(h, w2, input_precision="ieee") * w[:, None]
            tl.atomic_add(out_ptr + token[:, None] * D + o[None, :], y, mask=mm[:, None] & (o[None, :] < D))


def mixtral_moe_triton(hidden, gate_w, w1, w3, w2, top_k):
    T, D = hidden.shape
    E, I, _ = w1.shape
    hidden, gate_w, w1, w3, w2 = (a.contiguous() for a in (hidden, gate_w, w1, w3, w2))
    ids = torch.empty((T, top_k), dtype=torch.int32, device=hidden.device)
    weights = torch.empty((T, top_k), dtype=torch.float32, device=hidden.device)
    route_kernel[(T,)](hidden, gate_w, ids, weights, D, E, K=top_k, BD=64, BE=triton.next_power_of_2(E))
    # bring the slots of one expert together
    order = torch.argsort(ids.view(-1), stable=True)
    counts = torch.bincount(ids.view(-1), minlength=E)
    start = torch.nn.functional.pad(torch.cumsum(counts, 0), (1, 0))
    out = torch.zeros_like(hidden)
    expert_kernel[(E, triton.cdiv(I, 32))](
        hidden, order, start, w1, w3, w2, weights, out, D, I, K=top_k, BM=16, BI=32, BD=32, BO=32
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    T, D, I, E = 48, 64, 96, 8
    s = D**-0.5
    return (
        torch.randn(T, D, device="cuda"),
        torch.randn(E, D, device="cuda") * s,
        torch.randn(E, I, D, device="cuda") * s,
        torch.randn(E, I, D, device="cuda") * s,
        torch.randn(E, D, I, device="cuda") * I**-0.5,
        2,
    )
