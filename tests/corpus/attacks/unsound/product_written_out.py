# attack: Unsound task: a matrix product by all products of elements, added up
# why: any kernel is faster than a tensor of a hundred times the inputs
# expect: rejected SlowReference
# alone: rejected SlowReference
# says: write a matrix product
"""Fused Kernels: matrix product"""

# <PYTHON>
import torch


def written_product_pytorch(a, b):
    return (a.unsqueeze(2) * b.unsqueeze(0)).sum(1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def written_product_kernel(a_ptr, b_ptr, out_ptr, M, N, K, B: tl.constexpr):
    r = tl.program_id(0) * B + tl.arange(0, B)
    c = tl.program_id(1) * B + tl.arange(0, B)
    acc = tl.zeros((B, B), tl.float32)
    for k in range(0, K, B):
        kk = k + tl.arange(0, B)
        a = tl.load(a_ptr + r[:, None] * K + kk[None, :], mask=(r[:, None] < M) & (kk[None, :] < K), other=0.0)
        b = tl.load(b_ptr + kk[:, None] * N + c[None, :], mask=(kk[:, None] < K) & (c[None, :] < N), other=0.0)
        acc += tl.dot(a, b, input_precision="ieee")
    tl.store(out_ptr + r[:, None] * N + c[None, :], acc, mask=(r[:, None] < M) & (c[None, :] < N))


def written_product_triton_wrapper(a, b):
    a, b = a.contiguous(), b.contiguous()
    M, K = a.shape
    N = b.shape[1]
    out = torch.empty((M, N), device=a.device)
    written_product_kernel[(triton.cdiv(M, 32), triton.cdiv(N, 32))](a, b, out, M, N, K, B=32)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(64, 96, device="cuda"), torch.randn(96, 80, device="cuda")


# </TEST>
