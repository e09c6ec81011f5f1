# kinds: nn.Module, matmul, epilogue, submodule that holds the parameters, buffer, float32, ieee precision
"""Fused Kernels: linear layer, running mean removed, and SiLU, in a module that keeps torch's own layer"""

# <PYTHON>
import torch
import torch.nn.functional as F
from torch import nn


class Model(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.linear = nn.Linear(in_features, out_features)
        self.register_buffer("running_mean", torch.randn(out_features))

    def forward(self, x):
        return F.silu(self.linear(x) - self.running_mean)


# <TRITON>
import torch
import triton
import triton.language as tl
from torch import nn


@triton.jit
def linear_centre_silu_kernel(
    x_ptr,
    weight_ptr,
    bias_ptr,
    mean_ptr,
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
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        x = tl.load(x_ptr + m[:, None] * K + k[None, :], mask=(m[:, None] < M) & (k[None, :] < K), other=0.0)
        weight = tl.load(
            weight_ptr + n[None, :] * K + k[:, None], mask=(k[:, None] < K) & (n[None, :] < N), other=0.0
        )
        accumulator = tl.dot(x, weight, accumulator, input_precision="ieee")
    shift = tl.load(bias_ptr + n, mask=n < N, other=0.0) - tl.load(mean_ptr + n, mask=n < N, other=0.0)
    y = accumulator + shift[None, :]
    mask = (m[:, None] < M) & (n[None, :] < N)
    tl.store(out_ptr + m[:, None] * N + n[None, :], y * tl.sigmoid(y), mask=mask)


class ModelNew(nn.Module):
    """nn.Linear only holds the parameters under the names that Model has; its forward is never called."""

    def __init__(self, in_features, out_features):
        super().__init__()
        self.linear = nn.Linear(in_features, out_features)
        self.register_buffer("running_mean", torch.randn(out_features))

    def forward(self, x):
        weight, bias = self.linear.weight, self.linear.bias
        rows = x.reshape(-1, x.shape[-1]).contiguous()
        M, K = rows.shape
        N = weight.shape[0]
        out = torch.empty((*x.shape[:-1], N), device=x.device, dtype=x.dtype)
        linear_centre_silu_kernel[(triton.cdiv(M, 32), triton.cdiv(N, 32))](
            rows, weight, bias, self.running_mean, out, M, N, K, BLOCK_M=32, BLOCK_N=32, BLOCK_K=32
        )
        return out


# <TEST>
import torch


def get_inputs():
    return [torch.randn(3, 25, 60, device="cuda")]


def get_init_inputs():
    return [60, 90]
