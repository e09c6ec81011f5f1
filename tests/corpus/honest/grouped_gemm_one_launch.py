# kinds: matmul, grouped GEMM, pointer table, one launch, list of tensors, host glue, float16
"""Fused Kernels: a group of matrix products in one launch, by a table of addresses"""

# <PYTHON>
import torch


def pointer_table_gemm_torch(lefts, rights):
    """All products have one N and K, their heights differ; the results are stacked."""
    return torch.cat([left @ right for left, right in zip(lefts, rights, strict=True)])


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def pointer_table_gemm_kernel(
    left_table_ptr,
    right_table_ptr,
    first_row_ptr,
    out_ptr,
    N,
    K,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    """The grid's axes are the tile's row, its column and the product's number; short products leave early."""
    product = tl.program_id(2)
    first = tl.load(first_row_ptr + product)
    M = tl.load(first_row_ptr + product + 1) - first
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    if tl.program_id(0) * BLOCK_M < M:
        left_ptr = tl.load(left_table_ptr + product).to(tl.pointer_type(tl.float16))
        right_ptr = tl.load(right_table_ptr + product).to(tl.pointer_type(tl.float16))
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
        tl.store(out_ptr + (first + m)[:, None] * N + n[None, :], accumulator.to(tl.float16), mask=mask)


def pointer_table_gemm_triton(lefts, rights):
    # Kept in names until after the launch: the table holds bare addresses.
    lefts = [left.contiguous() for left in lefts]
    rights = [right.contiguous() for right in rights]
    K, N = rights[0].shape
    device = lefts[0].device
    heights = [left.shape[0] for left in lefts]
    first_row = [0]
    for height in heights:
        first_row.append(first_row[-1] + height)
    left_table = torch.tensor([left.data_ptr() for left in lefts], device=device, dtype=torch.int64)
    right_table = torch.tensor([right.data_ptr() for right in rights], device=device, dtype=torch.int64)
    first_rows = torch.tensor(first_row, device=device, dtype=torch.int32)
    out = torch.empty((first_row[-1], N), device=device, dtype=lefts[0].dtype)
    grid = (triton.cdiv(max(heights), 32), triton.cdiv(N, 32), len(lefts))
    pointer_table_gemm_kernel[grid](
        left_table, right_table, first_rows, out, N, K, BLOCK_M=32, BLOCK_N=32, BLOCK_K=32
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    heights = [40, 9, 65]
    lefts = [torch.randn(height, 48, device="cuda", dtype=torch.float16) for height in heights]
    rights = [torch.randn(48, 70, device="cuda", dtype=torch.float16) for _ in heights]
    return lefts, rights
