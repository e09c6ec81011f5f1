# kinds: matmul, complex output
"""Fused Kernels: a discrete Fourier transform of short rows by its sums"""

# <PYTHON>
import torch


def small_dft(x):
    return torch.fft.fft(x, dim=-1)


# <TRITON>
import math
import torch
import triton
import triton.language as tl


@triton.jit
def dft_kernel(x_ptr, y_ptr, N, step, BN: tl.constexpr, BK: tl.constexpr):
    row = tl.program_id(0)
    n = tl.arange(0, BN)
    k = tl.program_id(1) * BK + tl.arange(0, BK)
    x = tl.load(x_ptr + row * N + n, mask=n < N, other=0.0)
    # the phase is reduced before it is scaled, so that large products lose nothing
    phase = ((n[None, :] * k[:, None]) % N).to(tl.float32) * step
    re = tl.sum(x[None, :] * tl.cos(phase), axis=1)
    im = -tl.sum(x[None, :] * tl.sin(phase), axis=1)
    tl.store(y_ptr + (row * N + k) * 2, re, mask=k < N)
    tl.store(y_ptr + (row * N + k) * 2 + 1, im, mask=k < N)


def small_dft_triton(x):
    x = x.contiguous()
    N = x.shape[-1]
    y = torch.empty((*x.shape, 2), device=x.device, dtype=torch.float32)
    grid = (x.numel() // N, triton.cdiv(N, 32))
    dft_kernel[grid](x, y, N, 2 * math.pi / N, BN=triton.next_power_of_2(N), BK=32)
    return torch.view_as_complex(y)


# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(10, 60, device="cuda"),)
