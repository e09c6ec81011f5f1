# kinds: matmul, dequantisation, int8, weight only, bfloat16, tiny batch
"""Fused Kernels: few tokens times an int8 weight that is widened on the way"""

# <PYTHON>
import torch


def weight_only_linear_torch(x, weight, scale):
    """weight is (N, K) in int8, scale has one number for each of the N rows."""
    wide = weight.to(x.dtype) * scale[:, None]
    return x @ wide.T


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def weight_only_linear_kernel(
    x_ptr,
    weight_ptr,
    scale_ptr,
    out_ptr,
    M,
    N,
    K,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    m = tl.arange(0, BLOCK_M)
    n = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    m += tl.program_id(1) * BLOCK_M
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        x = tl.load(x_ptr + m[:, None] * K + k[None, :], mask=(m[:, None] < M) & (k[None, :] < K), other=0.0)
        weight = tl.load(
            weight_ptr + n[None, :] * K + k[:, None], mask=(k[:, None] < K) & (n[None, :] < N), other=0
        )
        # Whole numbers up to 127 are exact in bfloat16; the scale waits for the sum.
        accumulator = tl.dot(x, weight.to(tl.bfloat16), accumulator)
    scale = tl.load(scale_ptr + n, mask=n < N, other=0.0).to(tl.float32)
    mask = (m[:, None] < M) & (n[None, :] < N)
    tl.store(out_ptr + m[:, None] * N + n[None, :], (accumulator * scale[None, :]).to(tl.bfloat16), mask=mask)


def weight_only_linear_triton(x, weight, scale):
    x, weight = x.contiguous(), weight.contiguous()
    M, K = x.shape
    N = weight.shape[0]
    out = torch.empty((M, N), device=x.device, dtype=x.dtype)
    weight_only_linear_kernel[(triton.cdiv(N, 32), triton.cdiv(M, 16))](
        x, weight, scale.contiguous(), out, M, N, K, BLOCK_M=16, BLOCK_N=32, BLOCK_K=64
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(3, 300, device="cuda", dtype=torch.bfloat16)
    weight = torch.randint(-127, 128, (150, 300), device="cuda", dtype=torch.int8)
    return x, weight, torch.rand(150, device="cuda", dtype=torch.bfloat16) * 0.01 + 0.001
