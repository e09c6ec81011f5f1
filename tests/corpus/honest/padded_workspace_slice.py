# kinds: matmul, padded workspace, a slice is returned, strided output, bfloat16, cached configuration
"""Fused Kernels: matrix product into rows padded for alignment, of which a slice is returned"""

# <PYTHON>
import torch


def padded_product_pytorch(a, b):
    """Callers add to the result row by row and do not mind that its rows are longer than its width."""
    M, N = a.shape[0], b.shape[1]
    padded = torch.zeros(M, (N + 63) // 64 * 64, device=a.device, dtype=a.dtype)
    padded[:, :N] = a @ b
    return padded[:, :N]


# </PYTHON>

# <TRITON>
import functools

import torch
import triton
import triton.language as tl


@triton.jit
def padded_product_kernel(
    a_ptr,
    b_ptr,
    out_ptr,
    M,
    N,
    K,
    stride_out,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in tl.range(0, K, BLOCK_K, num_stages=2):
        k = start + tl.arange(0, BLOCK_K)
        a = tl.load(a_ptr + m[:, None] * K + k[None, :], mask=(m[:, None] < M) & (k[None, :] < K), other=0.0)
        b = tl.load(b_ptr + k[:, None] * N + n[None, :], mask=(k[:, None] < K) & (n[None, :] < N), other=0.0)
        accumulator = tl.dot(a, b, accumulator)
    # Columns past N are padding, which the caller does not see; what is written there is zero.
    mask = (m[:, None] < M) & (n[None, :] < stride_out)
    tl.store(out_ptr + m[:, None] * stride_out + n[None, :], accumulator.to(tl.bfloat16), mask=mask)


@functools.cache
def _blocks(rows, columns):
    """The tile for a size: numbers alone, worked out once for each."""
    return {"BLOCK_M": 16 if rows <= 16 else 32, "BLOCK_N": 32 if columns <= 32 else 64, "BLOCK_K": 32}


def padded_product_triton_wrapper(a, b):
    a, b = a.contiguous(), b.contiguous()
    M, K = a.shape
    N = b.shape[1]
    padded = torch.empty((M, triton.cdiv(N, 64) * 64), device=a.device, dtype=a.dtype)
    blocks = _blocks(M, N)
    grid = (triton.cdiv(M, blocks["BLOCK_M"]), triton.cdiv(padded.shape[1], blocks["BLOCK_N"]))
    padded_product_kernel[grid](a, b, padded, M, N, K, padded.stride(0), **blocks)
    return padded[:, :N]


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    a = torch.randn(50, 70, device="cuda", dtype=torch.bfloat16)
    return a, torch.randn(70, 90, device="cuda", dtype=torch.bfloat16)


# </TEST>
