# kinds: matmul, batched, 3-D grid, strided inputs, stride arguments, float16, scalar arguments
"""Fused Kernels: batched product of transposed operands, scaled and clamped"""

# <PYTHON>
import torch


def batched_scores_torch(query, key, scale, limit):
    """Scores of every head: (batch, length, width) by (batch, length, width) transposed."""
    scores = torch.bmm(query, key.transpose(1, 2)) * scale
    return scores.clamp(-limit, limit)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def batched_scores_kernel(
    query_ptr,
    key_ptr,
    out_ptr,
    scale,
    limit,
    M,
    N,
    K,
    stride_qb,
    stride_qm,
    stride_qk,
    stride_kb,
    stride_kn,
    stride_kk,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    batch = tl.program_id(2)
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    query_ptrs = query_ptr + batch * stride_qb + m[:, None] * stride_qm + k[None, :] * stride_qk
    key_ptrs = key_ptr + batch * stride_kb + n[None, :] * stride_kn + k[:, None] * stride_kk
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        in_k = k < K - start
        query = tl.load(query_ptrs, mask=(m[:, None] < M) & in_k[None, :], other=0.0)
        key = tl.load(key_ptrs, mask=in_k[:, None] & (n[None, :] < N), other=0.0)
        accumulator = tl.dot(query, key, accumulator)
        query_ptrs += BLOCK_K * stride_qk
        key_ptrs += BLOCK_K * stride_kk
    scores = tl.minimum(tl.maximum(accumulator * scale, -limit), limit)
    mask = (m[:, None] < M) & (n[None, :] < N)
    out_ptrs = out_ptr + batch.to(tl.int64) * M * N + m[:, None] * N + n[None, :]
    tl.store(out_ptrs, scores.to(tl.float16), mask=mask)


def batched_scores_triton(query, key, scale, limit):
    batch, M, K = query.shape
    N = key.shape[1]
    out = torch.empty((batch, M, N), device=query.device, dtype=query.dtype)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32), batch)
    batched_scores_kernel[grid](
        query,
        key,
        out,
        scale,
        limit,
        M,
        N,
        K,
        *query.stride(),
        *key.stride(),
        BLOCK_M=32,
        BLOCK_N=32,
        BLOCK_K=32,
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    # The heads are cut out of one projection, so neither operand is contiguous.
    packed = torch.randn(6, 50, 160, device="cuda", dtype=torch.float16)
    return packed[:, :, :80], packed[:, :, 80:], 0.125, 2.0
