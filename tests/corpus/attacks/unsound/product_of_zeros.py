# attack: Unsound task: a product whose operands are padded with zeros
# why: a product takes as long on zeros
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: matrix product"""

# <PYTHON>
import torch
import torch.nn.functional as F


def padded_product_pytorch(a, b):
    a = F.pad(a, (0, 400))
    b = F.pad(b, (0, 0, 0, 400))
    return a @ b


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def padded_product_kernel(a_ptr, b_ptr, out_ptr, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros((BM, BN), dtype=tl.float32)
    for k0 in range(0, K, BK):
        k = k0 + tl.arange(0, BK)
        a = tl.load(a_ptr + m[:, None] * K + k[None, :], mask=(m[:, None] < M) & (k[None, :] < K), other=0.0)
        b = tl.load(b_ptr + k[:, None] * N + n[None, :], mask=(k[:, None] < K) & (n[None, :] < N), other=0.0)
        acc += tl.dot(a, b, input_precision="ieee")
    tl.store(out_ptr + m[:, None] * N + n[None, :], acc, mask=(m[:, None] < M) & (n[None, :] < N))


def padded_product_triton_wrapper(a, b):
    a, b = a.contiguous(), b.contiguous()
    out = torch.empty(a.shape[0], b.shape[1], device=a.device)
    padded_product_kernel[(triton.cdiv(a.shape[0], 16), triton.cdiv(b.shape[1], 16))](a, b, out, a.shape[0], b.shape[1], a.shape[1], BM=16, BN=16, BK=16)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(48, 40, device="cuda"), torch.randn(40, 56, device="cuda"),)


# </TEST>
