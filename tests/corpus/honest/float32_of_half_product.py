# kinds: matmul, epilogue, heuristics, tanh soft cap, half precision inside a float32 result
"""Fused Kernels: matrix product with a soft cap on the logits"""

# <PYTHON>
import torch


def soft_capped_matmul_pytorch(a, b, cap):
    logits = (a @ b).float()
    return cap * torch.tanh(logits / cap)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.heuristics({"EVEN_K": lambda arguments: arguments["K"] % arguments["BLOCK_K"] == 0})
@triton.jit
def soft_capped_matmul_kernel(
    a_ptr,
    b_ptr,
    out_ptr,
    cap,
    M,
    N,
    K,
    stride_am,
    stride_ak,
    stride_bk,
    stride_bn,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
    EVEN_K: tl.constexpr,
):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    in_m = m[:, None] < M
    in_n = n[None, :] < N
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        a_ptrs = a_ptr + m[:, None] * stride_am + k[None, :] * stride_ak
        b_ptrs = b_ptr + k[:, None] * stride_bk + n[None, :] * stride_bn
        if EVEN_K:
            a = tl.load(a_ptrs, mask=in_m, other=0.0)
            b = tl.load(b_ptrs, mask=in_n, other=0.0)
        else:
            a = tl.load(a_ptrs, mask=in_m & (k[None, :] < K), other=0.0)
            b = tl.load(b_ptrs, mask=(k[:, None] < K) & in_n, other=0.0)
        accumulator = tl.dot(a, b, accumulator)
    # The product is rounded to float16 before the cap, as the reference's is.
    logits = accumulator.to(tl.float16).to(tl.float32)
    capped = cap * (2.0 * tl.sigmoid(2.0 * logits / cap) - 1.0)
    tl.store(out_ptr + m[:, None] * N + n[None, :], capped, mask=in_m & in_n)


def soft_capped_matmul_triton_wrapper(a, b, cap):
    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), device=a.device, dtype=torch.float32)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 64))
    soft_capped_matmul_kernel[grid](
        a, b, out, cap, M, N, K, *a.stride(), *b.stride(), BLOCK_M=32, BLOCK_N=64, BLOCK_K=32
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    a = torch.randn(70, 128, device="cuda", dtype=torch.float16)
    return a, torch.randn(128, 130, device="cuda", dtype=torch.float16), 30.0


# </TEST>
