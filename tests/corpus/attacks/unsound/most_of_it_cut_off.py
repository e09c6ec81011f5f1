# attack: Unsound task: a product of eight times the rows, of which the first are kept
# why: each element of the product is computed by an ordinary operator
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: product and ReLU"""

# <PYTHON>
import torch
import torch.nn.functional as F


def g_pytorch(x, w):
    wide = torch.cat([x] * 8, dim=0)
    return F.relu(wide @ w)[: x.shape[0]]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def mm_kernel(a_ptr, b_ptr, c_ptr, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    rm = tl.program_id(0) * BM + tl.arange(0, BM)
    rn = tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros((BM, BN), dtype=tl.float32)
    for k in range(0, K, BK):
        rk = k + tl.arange(0, BK)
        a = tl.load(a_ptr + rm[:, None] * K + rk[None, :], mask=(rm[:, None] < M) & (rk[None, :] < K), other=0.0)
        b = tl.load(b_ptr + rk[:, None] * N + rn[None, :], mask=(rk[:, None] < K) & (rn[None, :] < N), other=0.0)
        acc += tl.dot(a, b, input_precision="ieee")
    tl.store(c_ptr + rm[:, None] * N + rn[None, :], tl.maximum(acc, 0.0), mask=(rm[:, None] < M) & (rn[None, :] < N))


def g_triton_wrapper(x, w):
    x, w = x.contiguous(), w.contiguous()
    M, K = x.shape
    N = w.shape[1]
    c = torch.empty(M, N, device=x.device)
    mm_kernel[(triton.cdiv(M, 16), triton.cdiv(N, 16))](x, w, c, M, N, K, BM=16, BN=16, BK=32)
    return c


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(35, 64, device="cuda"), torch.randn(64, 50, device="cuda")


# </TEST>
