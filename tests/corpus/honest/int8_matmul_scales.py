# kinds: matmul, int8, quantisation, scales by row and column, float16, integer accumulator
"""Fused Kernels: product of int8 matrices, scaled by row and column into float16"""

# <PYTHON>
import torch


def int8_matmul_pytorch(a, b, scale_a, scale_b):
    """The products are summed as whole numbers, which float64 holds exactly."""
    product = a.double() @ b.double()
    return (product * scale_a[:, None] * scale_b[None, :]).to(torch.float16)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def int8_matmul_kernel(
    a_ptr,
    b_ptr,
    scale_a_ptr,
    scale_b_ptr,
    out_ptr,
    M,
    N,
    K,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.int32)
    for start in range(0, K, BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        a = tl.load(a_ptr + m[:, None] * K + k[None, :], mask=(m[:, None] < M) & (k[None, :] < K), other=0)
        b = tl.load(b_ptr + k[:, None] * N + n[None, :], mask=(k[:, None] < K) & (n[None, :] < N), other=0)
        accumulator = tl.dot(a, b, accumulator, out_dtype=tl.int32)
    scale_a = tl.load(scale_a_ptr + m, mask=m < M, other=0.0)
    scale_b = tl.load(scale_b_ptr + n, mask=n < N, other=0.0)
    y = accumulator.to(tl.float32) * scale_a[:, None] * scale_b[None, :]
    mask = (m[:, None] < M) & (n[None, :] < N)
    tl.store(out_ptr + m[:, None] * N + n[None, :], y.to(tl.float16), mask=mask)


def int8_matmul_triton_wrapper(a, b, scale_a, scale_b):
    a, b = a.contiguous(), b.contiguous()
    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), device=a.device, dtype=torch.float16)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 64))
    int8_matmul_kernel[grid](
        a,
        b,
        scale_a.contiguous(),
        scale_b.contiguous(),
        out,
        M,
        N,
        K,
        BLOCK_M=32,
        BLOCK_N=64,
        BLOCK_K=64,
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    a = torch.randint(-127, 128, (60, 200), device="cuda", dtype=torch.int8)
    b = torch.randint(-127, 128, (200, 90), device="cuda", dtype=torch.int8)
    return a, b, torch.rand(60, device="cuda") * 0.01, torch.rand(90, device="cuda") * 0.01


# </TEST>
