# kinds: top-k, softmax, mixture of experts, integer output, several outputs
"""Fused Kernels: softmax of router logits and the best experts, equal ones in the order of the experts"""

# <PYTHON>
import torch


def route(hidden, gate_weight, top_k: int = 2):
    logits = hidden @ gate_weight.t()
    probs = torch.softmax(logits, dim=-1, dtype=torch.float32)
    weights, ids = torch.topk(probs, top_k, dim=-1)
    weights = weights / weights.sum(dim=-1, keepdim=True)
    return weights, ids.to(torch.int32)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def router_kernel(h_ptr, g_ptr, w_ptr, i_ptr, H, E, TOPK: tl.constexpr, BE: tl.constexpr, BH: tl.constexpr):
    token = tl.program_id(0)
    e = tl.arange(0, BE)
    acc = tl.zeros((BE,), dtype=tl.float32)
    for start in range(0, H, BH):
        h = start + tl.arange(0, BH)
        x = tl.load(h_ptr + token * H + h, mask=h < H, other=0.0)
        g = tl.load(g_ptr + e[:, None] * H + h[None, :], mask=(e[:, None] < E) & (h[None, :] < H), other=0.0)
        acc += tl.sum(g * x[None, :], axis=1)
    acc = tl.where(e < E, acc, float("-inf"))
    acc = tl.exp(acc - tl.max(acc, axis=0))
    probs = acc / tl.sum(acc, axis=0)
    total = 0.0
    left = tl.where(e < E, probs, -1.0)
    for k in tl.static_range(TOPK):
        best = tl.argmax(left, axis=0)
        value = tl.max(left, axis=0)
        tl.store(i_ptr + token * TOPK + k, best)
        tl.store(w_ptr + token * TOPK + k, value)
        total += value
        left = tl.where(e == best, -1.0, left)
    for k in tl.static_range(TOPK):
        value = tl.load(w_ptr + token * TOPK + k)
        tl.store(w_ptr + token * TOPK + k, value / total)


def route_triton(hidden, gate_weight, top_k: int = 2):
    T, H = hidden.shape
    E = gate_weight.shape[0]
    weights = torch.empty((T, top_k), device=hidden.device, dtype=torch.float32)
    ids = torch.empty((T, top_k), device=hidden.device, dtype=torch.int32)
    router_kernel[(T,)](
        hidden.contiguous(),
        gate_weight.contiguous(),
        weights,
        ids,
        H,
        E,
        TOPK=top_k,
        BE=triton.next_power_of_2(E),
        BH=64,
    )
    return weights, ids


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(20, 96, device="cuda"), torch.randn(16, 96, device="cuda") * 0.1
