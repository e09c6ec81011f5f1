"""Fused Kernels: linear layer with GELU and a residual in its epilogue"""

# <PYTHON>
import torch
import torch.nn.functional as F


def linear_gelu_residual_pytorch(x, weight, bias, residual):
    projected = F.linear(x, weight, bias)
    activated = F.gelu(projected)
    return activated + residual


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def linear_gelu_residual_kernel(
    x_ptr,
    weight_ptr,
    bias_ptr,
    residual_ptr,
    out_ptr,
    M,
    N,
    K,
    stride_xm,
    stride_xk,
    stride_wn,
    stride_wk,
    stride_rm,
    stride_rn,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    x_ptrs = x_ptr + m[:, None] * stride_xm + k[None, :] * stride_xk
    # weight is stored as (N, K): read it as its transpose, (K, N).
    w_ptrs = weight_ptr + k[:, None] * stride_wk + n[None, :] * stride_wn

    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        in_k = k < K - start
        x = tl.load(x_ptrs, mask=(m[:, None] < M) & in_k[None, :], other=0.0)
        w = tl.load(w_ptrs, mask=in_k[:, None] & (n[None, :] < N), other=0.0)
        accumulator = tl.dot(x, w, accumulator)
        x_ptrs += BLOCK_K * stride_xk
        w_ptrs += BLOCK_K * stride_wk

    # The epilogue works on the float32 accumulator: the product never travels to memory and back.
    mask = (m[:, None] < M) & (n[None, :] < N)
    bias = tl.load(bias_ptr + n, mask=n < N, other=0.0).to(tl.float32)
    y = accumulator + bias[None, :]
    y = 0.5 * y * (1.0 + tl.erf(y * 0.7071067811865476))
    residual_ptrs = residual_ptr + m[:, None] * stride_rm + n[None, :] * stride_rn
    y += tl.load(residual_ptrs, mask=mask, other=0.0).to(tl.float32)
    tl.store(out_ptr + m[:, None] * N + n[None, :], y, mask=mask)


def linear_gelu_residual_triton_wrapper(x, weight, bias, residual):
    M, K = x.shape
    N = weight.shape[0]
    out = torch.empty((M, N), device=x.device, dtype=x.dtype)
    grid = (triton.cdiv(M, 128), triton.cdiv(N, 128))
    linear_gelu_residual_kernel[grid](
        x,
        weight,
        bias.contiguous(),
        residual,
        out,
        M,
        N,
        K,
        x.stride(0),
        x.stride(1),
        weight.stride(0),
        weight.stride(1),
        residual.stride(0),
        residual.stride(1),
        BLOCK_M=128,
        BLOCK_N=128,
        BLOCK_K=64,
        num_warps=8,
        num_stages=3,
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(1024, 256, device="cuda", dtype=torch.float16)
    weight = torch.randn(2048, 256, device="cuda", dtype=torch.float16) * 0.0625
    bias = torch.randn(2048, device="cuda", dtype=torch.float16)
    residual = torch.randn(1024, 2048, device="cuda", dtype=torch.float16)
    return x, weight, bias, residual
