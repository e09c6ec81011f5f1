# kinds: convolution, transposed convolution, libdevice, 3-D grid, float32
"""Fused Kernels: transposed convolution of signals and hyperbolic tangent"""

# <PYTHON>
import torch
import torch.nn.functional as F


def conv_transpose1d_tanh(x, weight, bias, stride, padding):
    return torch.tanh(F.conv_transpose1d(x, weight, bias, stride=stride, padding=padding))


# <TRITON>
import torch
import triton
import triton.language as tl
from triton.language.extra import libdevice


@triton.jit
def conv_transpose1d_kernel(
    x_ptr,
    w_ptr,
    b_ptr,
    y_ptr,
    CIN,
    COUT,
    L,
    LOUT,
    STRIDE: tl.constexpr,
    PAD: tl.constexpr,
    K: tl.constexpr,
    BLOCK: tl.constexpr,
):
    pid_l = tl.program_id(0)
    co = tl.program_id(1)
    n = tl.program_id(2)
    lo = pid_l * BLOCK + tl.arange(0, BLOCK)
    acc = tl.zeros((BLOCK,), tl.float32) + tl.load(b_ptr + co)
    for ci in range(CIN):
        for k in range(K):
            t = lo + PAD - k
            li = t // STRIDE
            valid = (t >= 0) & (t % STRIDE == 0) & (li < L) & (lo < LOUT)
            xv = tl.load(x_ptr + (n * CIN + ci) * L + li, mask=valid, other=0.0)
            wv = tl.load(w_ptr + (ci * COUT + co) * K + k)
            acc += xv * wv
    tl.store(y_ptr + (n * COUT + co) * LOUT + lo, libdevice.tanh(acc), mask=lo < LOUT)


def conv_transpose1d_tanh(x, weight, bias, stride, padding):
    N, CIN, L = x.shape
    _, COUT, K = weight.shape
    LOUT = (L - 1) * stride - 2 * padding + K
    y = x.new_empty((N, COUT, LOUT))
    conv_transpose1d_kernel[(triton.cdiv(LOUT, 64), COUT, N)](
        x.contiguous(),
        weight.contiguous(),
        bias,
        y,
        CIN,
        COUT,
        L,
        LOUT,
        STRIDE=stride,
        PAD=padding,
        K=K,
        BLOCK=64,
    )
    return y


# <TEST>
import torch


def get_test_inputs():
    return (
        torch.randn(2, 8, 50, device="cuda"),
        torch.randn(8, 6, 4, device="cuda") * 0.2,
        torch.randn(6, device="cuda"),
        2,
        1,
    )
