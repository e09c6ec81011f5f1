# kinds: top-k, softmax, mixture of experts, routing, integer output, several outputs, float32
"""Fused Kernels: choose two experts for each token and weigh them by softmax"""

# <PYTHON>
import torch


def route_tokens_pytorch(logits, k):
    """Indices are int32, weights sum to one over a token's experts."""
    values, indices = torch.topk(logits, k, dim=-1)
    return torch.softmax(values, dim=-1), indices.to(torch.int32)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def route_tokens_kernel(
    logits_ptr,
    weights_ptr,
    indices_ptr,
    n_tokens,
    n_experts,
    K: tl.constexpr,
    PADDED_K: tl.constexpr,
    TOKENS: tl.constexpr,
    EXPERTS: tl.constexpr,
):
    """The largest is taken out K times, which for a few experts beats a sort."""
    tokens = tl.program_id(0) * TOKENS + tl.arange(0, TOKENS)
    experts = tl.arange(0, EXPERTS)
    slots = tl.arange(0, PADDED_K)
    in_tokens = tokens < n_tokens
    mask = in_tokens[:, None] & (experts[None, :] < n_experts)
    left = tl.load(
        logits_ptr + tokens[:, None] * n_experts + experts[None, :], mask=mask, other=float("-inf")
    )
    values = tl.full((TOKENS, PADDED_K), float("-inf"), dtype=tl.float32)
    indices = tl.zeros((TOKENS, PADDED_K), dtype=tl.int32)
    for slot in tl.static_range(K):
        best = tl.max(left, axis=1)
        place = tl.argmax(left, axis=1)
        values = tl.where(slots[None, :] == slot, best[:, None], values)
        indices = tl.where(slots[None, :] == slot, place[:, None], indices)
        left = tl.where(experts[None, :] == place[:, None], float("-inf"), left)
    # A token past the end has nothing but minus infinity; zeros keep NaN away.
    values = tl.where(in_tokens[:, None], values, 0.0)
    exponentials = tl.exp(values - tl.max(values, axis=1)[:, None])
    weights = exponentials / tl.sum(exponentials, axis=1)[:, None]
    offsets = tokens[:, None] * K + slots[None, :]
    inside = in_tokens[:, None] & (slots[None, :] < K)
    tl.store(weights_ptr + offsets, weights, mask=inside)
    tl.store(indices_ptr + offsets, indices, mask=inside)


def route_tokens_triton_wrapper(logits, k):
    logits = logits.contiguous()
    n_tokens, n_experts = logits.shape
    if k > n_experts:
        raise ValueError(f"{k} experts cannot be chosen out of {n_experts}")
    weights = torch.empty((n_tokens, k), device=logits.device, dtype=logits.dtype)
    indices = torch.empty((n_tokens, k), device=logits.device, dtype=torch.int32)
    route_tokens_kernel[(triton.cdiv(n_tokens, 16),)](
        logits,
        weights,
        indices,
        n_tokens,
        n_experts,
        K=k,
        PADDED_K=triton.next_power_of_2(k),
        TOKENS=16,
        EXPERTS=triton.next_power_of_2(n_experts),
    )
    return weights, indices


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(120, 24, device="cuda"), 2


# </TEST>
