# kinds: mixture of experts, matmul, routing, host glue, argsort, float16, int64 indices
"""Fused Kernels: each token times its expert's weight, the tokens ordered by expert"""

# <PYTHON>
import torch


def expert_linear_torch(x, weights, experts):
    """x is (tokens, K), weights (experts, K, N); experts names one for each token."""
    out = torch.empty(x.shape[0], weights.shape[2], device=x.device, dtype=x.dtype)
    for expert in range(weights.shape[0]):
        chosen = experts == expert
        out[chosen] = x[chosen] @ weights[expert]
    return out


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def expert_linear_kernel(
    x_ptr,
    weights_ptr,
    order_ptr,
    ends_ptr,
    out_ptr,
    N,
    K,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    """A tile belongs to one expert; tiles past an expert's tokens have nothing to do."""
    expert = tl.program_id(2)
    begin = tl.load(ends_ptr + expert - 1, mask=expert > 0, other=0)
    end = tl.load(ends_ptr + expert)
    first = begin + tl.program_id(0) * BLOCK_M
    if first < end:
        place = first + tl.arange(0, BLOCK_M)
        n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
        in_m = place < end
        token = tl.load(order_ptr + place, mask=in_m, other=0)
        weight_ptr = weights_ptr + expert.to(tl.int64) * K * N
        accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
        for start in range(0, K, BLOCK_K):
            k = start + tl.arange(0, BLOCK_K)
            x = tl.load(
                x_ptr + token[:, None] * K + k[None, :], mask=in_m[:, None] & (k[None, :] < K), other=0.0
            )
            weight = tl.load(
                weight_ptr + k[:, None] * N + n[None, :], mask=(k[:, None] < K) & (n[None, :] < N), other=0.0
            )
            accumulator = tl.dot(x, weight, accumulator)
        mask = in_m[:, None] & (n[None, :] < N)
        tl.store(out_ptr + token[:, None] * N + n[None, :], accumulator.to(tl.float16), mask=mask)


def expert_linear_triton(x, weights, experts):
    x, weights = x.contiguous(), weights.contiguous()
    n_tokens, K = x.shape
    n_experts, _, N = weights.shape
    out = torch.empty((n_tokens, N), device=x.device, dtype=x.dtype)
    # Bookkeeping over a few indices: which tokens each expert has, and where they end.
    order = torch.argsort(experts, stable=True)
    ends = torch.cumsum(torch.bincount(experts, minlength=n_experts), dim=0)
    grid = (triton.cdiv(n_tokens, 16), triton.cdiv(N, 32), n_experts)
    expert_linear_kernel[grid](x, weights, order, ends, out, N, K, BLOCK_M=16, BLOCK_N=32, BLOCK_K=32)
    return out


# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(70, 64, device="cuda", dtype=torch.float16)
    weights = torch.randn(5, 64, 80, device="cuda", dtype=torch.float16)
    return x, weights, torch.randint(0, 5, (70,), device="cuda")
