# kinds: matmul, dequantisation, 4 bits, packed int32, group index, float16, GPTQ
"""Fused Kernels: product with weights of GPTQ: packed words, zero points and a group for each row"""

# <PYTHON>
import torch


def gptq_matmul_ref(x, qweight, qzeros, scales, g_idx):
    """x: (M, K); qweight: (K / 8, N) int32; qzeros: (G, N / 8) int32; scales: (G, N); g_idx: (K,)."""
    shifts = torch.arange(0, 32, 4, device=x.device, dtype=torch.int32)
    w = (qweight[:, None, :] >> shifts[None, :, None]) & 0xF
    w = w.reshape(-1, qweight.shape[1])
    z = (qzeros[:, :, None] >> shifts[None, None, :]) & 0xF
    z = z.reshape(qzeros.shape[0], -1) + 1
    group = g_idx.long()
    weight = scales[group] * (w - z[group]).to(scales.dtype)
    return x @ weight


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def gptq_kernel(
    x_ptr,
    qw_ptr,
    qz_ptr,
    s_ptr,
    g_ptr,
    out_ptr,
    M,
    N,
    K,
    BM: tl.constexpr,
    BN: tl.constexpr,
    BK: tl.constexpr,
):
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    in_n = n[None, :] < N
    acc = tl.zeros((BM, BN), tl.float32)
    for k0 in range(0, K, BK):
        k = k0 + tl.arange(0, BK)
        in_k = k < K
        x = tl.load(x_ptr + m[:, None] * K + k[None, :], mask=(m[:, None] < M) & in_k[None, :], other=0.0)
        g = tl.load(g_ptr + k, mask=in_k, other=0)
        both = in_k[:, None] & in_n
        packed = tl.load(qw_ptr + (k // 8)[:, None] * N + n[None, :], mask=both, other=0)
        w = (packed >> ((k % 8) * 4)[:, None]) & 0xF
        zeros = tl.load(qz_ptr + g[:, None] * (N // 8) + (n // 8)[None, :], mask=both, other=0)
        z = ((zeros >> ((n % 8) * 4)[None, :]) & 0xF) + 1
        s = tl.load(s_ptr + g[:, None] * N + n[None, :], mask=both, other=0.0)
        weight = (w - z).to(tl.float16) * s
        acc = tl.dot(x, weight, acc)
    tl.store(out_ptr + m[:, None] * N + n[None, :], acc.to(tl.float16), mask=(m[:, None] < M) & in_n)


def gptq_matmul(x, qweight, qzeros, scales, g_idx):
    x, qweight, qzeros = x.contiguous(), qweight.contiguous(), qzeros.contiguous()
    scales, g_idx = scales.contiguous(), g_idx.contiguous()
    M, K = x.shape
    N = qweight.shape[1]
    out = torch.empty((M, N), device=x.device, dtype=x.dtype)
    gptq_kernel[(triton.cdiv(M, 16), triton.cdiv(N, 32))](
        x, qweight, qzeros, scales, g_idx, out, M, N, K, BM=16, BN=32, BK=32
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    M, K, N, group = 20, 128, 96, 32
    x = torch.randn(M, K, device="cuda", dtype=torch.float16)
    qweight = torch.randint(-(2**31), 2**31 - 1, (K // 8, N), device="cuda", dtype=torch.int32)
    qzeros = torch.randint(-(2**31), 2**31 - 1, (K // group, N // 8), device="cuda", dtype=torch.int32)
    scales = torch.rand(K // group, N, device="cuda", dtype=torch.float16) * 0.02
    g_idx = torch.arange(K, device="cuda", dtype=torch.int32) // group
    return x, qweight, qzeros, scales, g_idx
