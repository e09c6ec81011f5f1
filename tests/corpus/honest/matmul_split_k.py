# kinds: matmul, split-K, atomics, zeros and atomic additions, float32, ieee precision
"""Fused Kernels: a product with a long inner dimension, split among programs"""

# <PYTHON>
import torch


def split_k_matmul_pytorch(a, b):
    return a @ b


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def split_k_matmul_kernel(
    a_ptr,
    b_ptr,
    out_ptr,
    M,
    N,
    K,
    SPLITS: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    """The grid's last axis divides K: each program adds its share to the output."""
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(tl.program_id(2) * BLOCK_K, K, SPLITS * BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        a = tl.load(a_ptr + m[:, None] * K + k[None, :], mask=(m[:, None] < M) & (k[None, :] < K), other=0.0)
        b = tl.load(b_ptr + k[:, None] * N + n[None, :], mask=(k[:, None] < K) & (n[None, :] < N), other=0.0)
        accumulator = tl.dot(a, b, accumulator, input_precision="ieee")
    mask = (m[:, None] < M) & (n[None, :] < N)
    tl.atomic_add(out_ptr + m[:, None] * N + n[None, :], accumulator, mask=mask)


def split_k_matmul_triton_wrapper(a, b):
    a, b = a.contiguous(), b.contiguous()
    M, K = a.shape
    N = b.shape[1]
    out = torch.zeros((M, N), device=a.device, dtype=torch.float32)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32), 4)
    split_k_matmul_kernel[grid](a, b, out, M, N, K, SPLITS=4, BLOCK_M=32, BLOCK_N=32, BLOCK_K=32)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(40, 1000, device="cuda"), torch.randn(1000, 70, device="cuda")


# </TEST>
