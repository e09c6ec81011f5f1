# kinds: unfold, padding, 3-D grid, scalar arguments, float32
"""Fused Kernels: columns of image patches, scaled"""

# <PYTHON>
import torch
import torch.nn.functional as F


def unfold_scale(x, kernel_size, scale):
    """im2col with padding 1, scaled"""
    return F.unfold(x, kernel_size, padding=1) * scale


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def im2col_kernel(X, Y, C, H, W, OH, OW, scale, K: tl.constexpr, BLOCK_L: tl.constexpr):
    row = tl.program_id(0)  # c * K * K + kh * K + kw
    n = tl.program_id(1)
    l = tl.program_id(2) * BLOCK_L + tl.arange(0, BLOCK_L)
    kw = row % K
    kh = (row // K) % K
    c = row // (K * K)
    L = OH * OW
    ih = l // OW + kh - 1
    iw = l % OW + kw - 1
    ok = (l < L) & (ih >= 0) & (ih < H) & (iw >= 0) & (iw < W)
    v = tl.load(X + ((n * C + c) * H + ih) * W + iw, mask=ok, other=0.0)
    tl.store(Y + (n * C * K * K + row) * L + l, v * scale, mask=l < L)


def unfold_scale(x, kernel_size, scale):
    n, c, h, w = x.shape
    k = kernel_size
    oh, ow = h + 3 - k, w + 3 - k
    y = torch.empty(n, c * k * k, oh * ow, device=x.device, dtype=x.dtype)
    im2col_kernel[(c * k * k, n, triton.cdiv(oh * ow, 128))](
        x.contiguous(), y, c, h, w, oh, ow, scale, K=k, BLOCK_L=128
    )
    return y


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(2, 4, 21, 18, device="cuda"), 3, 0.25
