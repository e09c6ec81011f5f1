# kinds: convolution, signal processing, strided output, float32
"""Fused Kernels: FIR filter of a signal, rectified, with a hop"""

# <PYTHON>
import torch
import torch.nn.functional as F


def fir_envelope(signal, taps, hop):
    y = F.conv1d(signal[:, None, :], taps.flip(0)[None, None, :]).squeeze(1)
    return y.abs()[:, ::hop]


# </PYTHON>
# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def fir_kernel(s_ptr, t_ptr, o_ptr, L, K, OUT, hop, BLOCK: tl.constexpr):
    b = tl.program_id(1)
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < OUT
    acc = tl.zeros([BLOCK], dtype=tl.float32)
    for k in range(K):
        tap = tl.load(t_ptr + (K - 1 - k))
        acc += tap * tl.load(s_ptr + b * L + i * hop + k, mask=m, other=0.0)
    tl.store(o_ptr + b * OUT + i, tl.abs(acc), mask=m)


def fir_envelope(signal, taps, hop):
    B, L = signal.shape
    K = taps.numel()
    full = L - K + 1
    OUT = (full + hop - 1) // hop
    o = torch.empty((B, OUT), device=signal.device, dtype=signal.dtype)
    fir_kernel[(triton.cdiv(OUT, 128), B)](
        signal.contiguous(), taps.contiguous(), o, L, K, OUT, hop, BLOCK=128
    )
    return o


# </TRITON>
# <TEST>
import torch


def get_test_inputs():
    return torch.randn(3, 1000, device="cuda"), torch.randn(31, device="cuda"), 2


# </TEST>
