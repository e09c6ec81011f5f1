# kinds: matmul, nn.Module, triangular matrices, float32
"""Fused Kernels: product of upper triangular matrices"""

# <PYTHON>
import torch
import torch.nn as nn


class Model(nn.Module):
    """
    Simple model that performs matrix multiplication (C = A * B) for upper triangular matrices.
    """

    def __init__(self):
        super().__init__()

    def forward(self, A, B):
        return torch.triu(torch.matmul(A, B))


# </PYTHON>

# <TRITON>
import torch
import torch.nn as nn
import triton
import triton.language as tl


@triton.jit
def triu_matmul_kernel(a_ptr, b_ptr, c_ptr, N, BLOCK: tl.constexpr):
    pid_m = tl.program_id(0)
    pid_n = tl.program_id(1)
    rows = pid_m * BLOCK + tl.arange(0, BLOCK)
    cols = pid_n * BLOCK + tl.arange(0, BLOCK)
    acc = tl.zeros((BLOCK, BLOCK), tl.float32)
    # A[i, k] is zero for k < i and B[k, j] for k > j
    for kb in range(pid_m, pid_n + 1):
        k = kb * BLOCK + tl.arange(0, BLOCK)
        a = tl.load(
            a_ptr + rows[:, None] * N + k[None, :], mask=(rows[:, None] < N) & (k[None, :] < N), other=0.0
        )
        b = tl.load(
            b_ptr + k[:, None] * N + cols[None, :], mask=(k[:, None] < N) & (cols[None, :] < N), other=0.0
        )
        acc = tl.dot(a, b, acc, input_precision="ieee")
    acc = tl.where(rows[:, None] <= cols[None, :], acc, 0.0)
    tl.store(c_ptr + rows[:, None] * N + cols[None, :], acc, mask=(rows[:, None] < N) & (cols[None, :] < N))


class ModelNew(nn.Module):
    def forward(self, A, B):
        A, B = A.contiguous(), B.contiguous()
        N = A.shape[0]
        C = torch.empty_like(A)
        grid = (triton.cdiv(N, 32), triton.cdiv(N, 32))
        triu_matmul_kernel[grid](A, B, C, N, BLOCK=32)
        return C


# </TRITON>

# <TEST>
import torch

N = 256


def get_inputs():
    A = torch.triu(torch.randn(N, N, device="cuda"))
    B = torch.triu(torch.randn(N, N, device="cuda"))
    return [A, B]


def get_init_inputs():
    return []


# </TEST>
