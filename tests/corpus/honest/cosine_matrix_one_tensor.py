# kinds: matmul, reduction, the same tensor given twice, float32, ieee precision
"""Fused Kernels: cosine similarity of all rows of two tensors, here one tensor with itself"""

# <PYTHON>
import torch
import torch.nn.functional as F


def cosine_matrix_torch(x, y):
    return F.normalize(x, dim=-1) @ F.normalize(y, dim=-1).T


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def cosine_matrix_kernel(
    x_ptr, y_ptr, out_ptr, M, N, K, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr
):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    product = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    square_x = tl.zeros((BLOCK_M,), dtype=tl.float32)
    square_y = tl.zeros((BLOCK_N,), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        x = tl.load(x_ptr + m[:, None] * K + k[None, :], mask=(m[:, None] < M) & (k[None, :] < K), other=0.0)
        y = tl.load(y_ptr + n[None, :] * K + k[:, None], mask=(k[:, None] < K) & (n[None, :] < N), other=0.0)
        product = tl.dot(x, y, product, input_precision="ieee")
        square_x += tl.sum(x * x, axis=1)
        square_y += tl.sum(y * y, axis=0)
    # F.normalize never divides by less than 1e-12.
    norm_x = tl.maximum(tl.sqrt(square_x), 1e-12)
    norm_y = tl.maximum(tl.sqrt(square_y), 1e-12)
    mask = (m[:, None] < M) & (n[None, :] < N)
    tl.store(out_ptr + m[:, None] * N + n[None, :], product / norm_x[:, None] / norm_y[None, :], mask=mask)


def cosine_matrix_triton(x, y):
    x, y = x.contiguous(), y.contiguous()
    M, K = x.shape
    N = y.shape[0]
    out = torch.empty((M, N), device=x.device, dtype=x.dtype)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    cosine_matrix_kernel[grid](x, y, out, M, N, K, BLOCK_M=32, BLOCK_N=32, BLOCK_K=32)
    return out


# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(70, 50, device="cuda")
    return x, x
