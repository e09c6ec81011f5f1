# kinds: matmul, block-scaled, float8, float32 scales, bfloat16
"""Fused Kernels: product of float8 matrices with a scale for every block of the inner dimension"""

# <PYTHON>
import torch


def fp8_block_matmul_torch(a, b, scale_a, scale_b):
    """a is (M, K) with scales (M, K / 32); b is (N, K) with scales (N, K / 32)."""
    wide_a = a.float() * scale_a.repeat_interleave(32, dim=1)
    wide_b = b.float() * scale_b.repeat_interleave(32, dim=1)
    return (wide_a @ wide_b.T).to(torch.bfloat16)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def fp8_block_matmul_kernel(
    a_ptr,
    b_ptr,
    scale_a_ptr,
    scale_b_ptr,
    out_ptr,
    M,
    N,
    K,
    n_blocks,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    in_m, in_n = m < M, n < N
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for block in range(n_blocks):
        k = block * BLOCK_K + tl.arange(0, BLOCK_K)
        in_k = k < K
        a = tl.load(a_ptr + m[:, None] * K + k[None, :], mask=in_m[:, None] & in_k[None, :], other=0.0)
        b = tl.load(b_ptr + n[None, :] * K + k[:, None], mask=in_k[:, None] & in_n[None, :], other=0.0)
        scale_a = tl.load(scale_a_ptr + m * n_blocks + block, mask=in_m, other=0.0)
        scale_b = tl.load(scale_b_ptr + n * n_blocks + block, mask=in_n, other=0.0)
        # One block of K has one scale a side: it is applied to the block's product.
        accumulator += tl.dot(a, b) * scale_a[:, None] * scale_b[None, :]
    mask = in_m[:, None] & in_n[None, :]
    tl.store(out_ptr + m[:, None] * N + n[None, :], accumulator.to(tl.bfloat16), mask=mask)


def fp8_block_matmul_triton(a, b, scale_a, scale_b):
    a, b = a.contiguous(), b.contiguous()
    scale_a, scale_b = scale_a.contiguous(), scale_b.contiguous()
    M, K = a.shape
    N = b.shape[0]
    n_blocks = K // 32
    if K % 32 or scale_a.shape != (M, n_blocks) or scale_b.shape != (N, n_blocks):
        raise ValueError(f"an inner dimension of {K} wants scales for every 32 elements of it")
    out = torch.empty((M, N), device=a.device, dtype=torch.bfloat16)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    fp8_block_matmul_kernel[grid](
        a, b, scale_a, scale_b, out, M, N, K, n_blocks, BLOCK_M=32, BLOCK_N=32, BLOCK_K=32
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    a = torch.randn(50, 96, device="cuda").to(torch.float8_e4m3fn)
    b = torch.randn(70, 96, device="cuda").to(torch.float8_e4m3fn)
    return a, b, torch.rand(50, 3, device="cuda") + 0.5, torch.rand(70, 3, device="cuda") + 0.5
