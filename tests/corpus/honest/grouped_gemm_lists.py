# kinds: matmul, grouped GEMM, list of tensors, list output, float16, several launches
"""Fused Kernels: many matrix products of different sizes, a list in and a list out"""

# <PYTHON>
import torch


def grouped_gemm_pytorch(lefts, rights):
    return [left @ right for left, right in zip(lefts, rights, strict=True)]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def gemm_tile_kernel(
    left_ptr,
    right_ptr,
    out_ptr,
    M,
    N,
    K,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    tiles_n = tl.cdiv(N, BLOCK_N)
    m = (tl.program_id(0) // tiles_n) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = (tl.program_id(0) % tiles_n) * BLOCK_N + tl.arange(0, BLOCK_N)
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        left = tl.load(
            left_ptr + m[:, None] * K + k[None, :], mask=(m[:, None] < M) & (k[None, :] < K), other=0.0
        )
        right = tl.load(
            right_ptr + k[:, None] * N + n[None, :], mask=(k[:, None] < K) & (n[None, :] < N), other=0.0
        )
        accumulator = tl.dot(left, right, accumulator)
    mask = (m[:, None] < M) & (n[None, :] < N)
    tl.store(out_ptr + m[:, None] * N + n[None, :], accumulator.to(tl.float16), mask=mask)


def grouped_gemm_triton_wrapper(lefts, rights):
    if len(lefts) != len(rights):
        raise ValueError(f"{len(lefts)} left operands and {len(rights)} right ones")
    outs = []
    for left, right in zip(lefts, rights, strict=True):
        (M, K), (inner, N) = left.shape, right.shape
        if inner != K:
            raise ValueError(f"a product of {tuple(left.shape)} and {tuple(right.shape)} does not exist")
        out = torch.empty((M, N), device=left.device, dtype=left.dtype)
        gemm_tile_kernel[(triton.cdiv(M, 32) * triton.cdiv(N, 32),)](
            left.contiguous(), right.contiguous(), out, M, N, K, BLOCK_M=32, BLOCK_N=32, BLOCK_K=32
        )
        outs.append(out)
    return outs


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    sizes = [(40, 60, 50), (17, 33, 20), (64, 32, 96)]
    lefts = [torch.randn(m, k, device="cuda", dtype=torch.float16) for m, _, k in sizes]
    rights = [torch.randn(k, n, device="cuda", dtype=torch.float16) for _, n, k in sizes]
    return lefts, rights


# </TEST>
