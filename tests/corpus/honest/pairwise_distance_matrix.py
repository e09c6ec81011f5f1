# kinds: matmul, epilogue, distances, float32, ieee precision, 2-D grid
"""Fused Kernels: squared distances between two sets of points and a Gaussian of them"""

# <PYTHON>
import torch


def gaussian_kernel_matrix_pytorch(x, y, bandwidth):
    square_x = x.square().sum(dim=-1)
    square_y = y.square().sum(dim=-1)
    distance = square_x[:, None] + square_y[None, :] - 2.0 * (x @ y.T)
    return torch.exp(-distance.clamp(min=0.0) / (2.0 * bandwidth**2))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def gaussian_kernel_matrix_kernel(
    x_ptr,
    y_ptr,
    out_ptr,
    factor,
    M,
    N,
    K,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    """The squares are gathered beside the product, from operands that are in registers anyway."""
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
    distance = tl.maximum(square_x[:, None] + square_y[None, :] - 2.0 * product, 0.0)
    mask = (m[:, None] < M) & (n[None, :] < N)
    tl.store(out_ptr + m[:, None] * N + n[None, :], tl.exp(-distance * factor), mask=mask)


def gaussian_kernel_matrix_triton_wrapper(x, y, bandwidth):
    x, y = x.contiguous(), y.contiguous()
    M, K = x.shape
    N = y.shape[0]
    out = torch.empty((M, N), device=x.device, dtype=x.dtype)
    gaussian_kernel_matrix_kernel[(triton.cdiv(M, 32), triton.cdiv(N, 32))](
        x, y, out, 1.0 / (2.0 * bandwidth**2), M, N, K, BLOCK_M=32, BLOCK_N=32, BLOCK_K=16
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(90, 20, device="cuda"), torch.randn(75, 20, device="cuda"), 4.0


# </TEST>
