# kinds: matmul, block-scaled, microscaling, float8, uint8 exponents, float32
"""Fused Kernels: product of float8 matrices with an exponent for every 32 elements, by the scaled dot"""

# <PYTHON>
import torch


def microscaled_matmul_pytorch(a, b, scale_a, scale_b):
    """a is (M, K), b is (N, K); a scale is the exponent of two in uint8, with 127 for one."""

    def widen(values, scale):
        factor = torch.exp2(scale.float() - 127.0)
        return values.float() * factor.repeat_interleave(32, dim=1)

    return widen(a, scale_a) @ widen(b, scale_b).T


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def microscaled_matmul_kernel(
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
    groups = tl.arange(0, BLOCK_K // 32)
    n_groups = K // 32
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        group = start // 32 + groups
        a = tl.load(a_ptr + m[:, None] * K + k[None, :], mask=(m[:, None] < M) & (k[None, :] < K), other=0.0)
        b = tl.load(b_ptr + n[None, :] * K + k[:, None], mask=(n[None, :] < N) & (k[:, None] < K), other=0.0)
        in_group = group[None, :] < n_groups
        scale_a = tl.load(
            scale_a_ptr + m[:, None] * n_groups + group[None, :], mask=(m[:, None] < M) & in_group, other=127
        )
        scale_b = tl.load(
            scale_b_ptr + n[:, None] * n_groups + group[None, :], mask=(n[:, None] < N) & in_group, other=127
        )
        accumulator = tl.dot_scaled(a, scale_a, "e4m3", b, scale_b, "e4m3", acc=accumulator)
    mask = (m[:, None] < M) & (n[None, :] < N)
    tl.store(out_ptr + m[:, None] * N + n[None, :], accumulator, mask=mask)


def microscaled_matmul_triton_wrapper(a, b, scale_a, scale_b):
    a, b = a.contiguous(), b.contiguous()
    M, K = a.shape
    N = b.shape[0]
    if K % 32:
        raise ValueError(f"an inner dimension of {K} is no multiple of 32")
    out = torch.empty((M, N), device=a.device, dtype=torch.float32)
    grid = (triton.cdiv(M, 64), triton.cdiv(N, 64))
    microscaled_matmul_kernel[grid](
        a,
        b,
        scale_a.contiguous(),
        scale_b.contiguous(),
        out,
        M,
        N,
        K,
        BLOCK_M=64,
        BLOCK_N=64,
        BLOCK_K=64,
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    a = torch.randn(70, 96, device="cuda").to(torch.float8_e4m3fn)
    b = torch.randn(50, 96, device="cuda").to(torch.float8_e4m3fn)
    scale_a = torch.randint(124, 130, (70, 3), device="cuda", dtype=torch.uint8)
    return a, b, scale_a, torch.randint(124, 130, (50, 3), device="cuda", dtype=torch.uint8)


# </TEST>
