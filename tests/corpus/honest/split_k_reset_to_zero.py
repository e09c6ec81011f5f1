# kinds: matmul, split K, atomics, autotune, heuristics, float16, float32 output
"""Fused Kernels: split-K product with atomics under an autotuner that resets its output"""

# <PYTHON>
import torch


def split_k_gemm_torch(x, w):
    return torch.matmul(x.float(), w.float().t())


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.autotune(
    configs=[
        triton.Config({"BLOCK_N": 32, "BLOCK_K": 64, "SPLIT_K": 4}, num_warps=4, num_stages=2),
        triton.Config({"BLOCK_N": 64, "BLOCK_K": 64, "SPLIT_K": 2}, num_warps=4, num_stages=2),
    ],
    key=["N", "K"],
    reset_to_zero=["out_ptr"],
)
@triton.heuristics({"EVEN_K": lambda args: args["K"] % (args["BLOCK_K"] * args["SPLIT_K"]) == 0})
@triton.jit
def _split_k_gemm(
    x_ptr,
    w_ptr,
    out_ptr,
    M,
    N,
    K,
    sxm,
    swn,
    som,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
    SPLIT_K: tl.constexpr,
    EVEN_K: tl.constexpr,
):
    pid = tl.program_id(0)
    pid_k = tl.program_id(1)
    pid_m = tl.program_id(2)
    offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_n = pid * BLOCK_N + tl.arange(0, BLOCK_N)
    offs_k = pid_k * BLOCK_K + tl.arange(0, BLOCK_K)
    acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    x_ptrs = x_ptr + offs_m[:, None] * sxm + offs_k[None, :]
    w_ptrs = w_ptr + offs_n[None, :] * swn + offs_k[:, None]
    mm = offs_m[:, None] < M
    mn = offs_n[None, :] < N
    for k in range(0, tl.cdiv(K, BLOCK_K * SPLIT_K)):
        if EVEN_K:
            x = tl.load(x_ptrs, mask=mm, other=0.0)
            w = tl.load(w_ptrs, mask=mn, other=0.0)
        else:
            k_remaining = K - k * (BLOCK_K * SPLIT_K)
            x = tl.load(x_ptrs, mask=mm & (offs_k[None, :] < k_remaining), other=0.0)
            w = tl.load(w_ptrs, mask=mn & (offs_k[:, None] < k_remaining), other=0.0)
        acc = tl.dot(x, w, acc)
        x_ptrs += BLOCK_K * SPLIT_K
        w_ptrs += BLOCK_K * SPLIT_K
    out_ptrs = out_ptr + offs_m[:, None] * som + offs_n[None, :]
    tl.atomic_add(out_ptrs, acc, mask=mm & mn, sem="relaxed")


def split_k_gemm_triton(x, w):
    M, K = x.shape
    N, K2 = w.shape
    assert K == K2
    x = x if x.stride(1) == 1 else x.contiguous()
    w = w if w.stride(1) == 1 else w.contiguous()
    out = torch.zeros((M, N), device=x.device, dtype=torch.float32)
    grid = lambda META: (triton.cdiv(N, META["BLOCK_N"]), META["SPLIT_K"], triton.cdiv(M, META["BLOCK_M"]))
    _split_k_gemm[grid](x, w, out, M, N, K, x.stride(0), w.stride(0), out.stride(0), BLOCK_M=16)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    M, N, K = 8, 512, 1920
    x = torch.randn(M, K, device="cuda", dtype=torch.float16)
    w = torch.randn(N, K, device="cuda", dtype=torch.float16)
    return x, w


# </TEST>
