# kinds: interpolation, sigmoid, float32
"""Fused Kernels: bilinear upsample by 2 and sigmoid"""

# <PYTHON>
import torch
import torch.nn.functional as F


def upsample_sigmoid_pytorch(x):
    up = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return torch.sigmoid(up)


# </PYTHON>
# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def upsample_sigmoid_kernel(x_ptr, y_ptr, H, W, numel, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < numel
    OW = 2 * W
    OH = 2 * H
    ox = i % OW
    oy = (i // OW) % OH
    nc = i // (OW * OH)
    sy = tl.maximum((oy.to(tl.float32) + 0.5) * 0.5 - 0.5, 0.0)
    sx = tl.maximum((ox.to(tl.float32) + 0.5) * 0.5 - 0.5, 0.0)
    y0 = sy.to(tl.int32)
    x0 = sx.to(tl.int32)
    y1 = tl.minimum(y0 + 1, H - 1)
    x1 = tl.minimum(x0 + 1, W - 1)
    ly = sy - y0
    lx = sx - x0
    b = x_ptr + nc * H * W
    v00 = tl.load(b + y0 * W + x0, mask=m, other=0.0)
    v01 = tl.load(b + y0 * W + x1, mask=m, other=0.0)
    v10 = tl.load(b + y1 * W + x0, mask=m, other=0.0)
    v11 = tl.load(b + y1 * W + x1, mask=m, other=0.0)
    top = v00 * (1 - lx) + v01 * lx
    bot = v10 * (1 - lx) + v11 * lx
    v = top * (1 - ly) + bot * ly
    tl.store(y_ptr + i, tl.sigmoid(v), mask=m)


def upsample_sigmoid_triton(x):
    N, C, H, W = x.shape
    y = torch.empty((N, C, H * 2, W * 2), device=x.device, dtype=x.dtype)
    n = y.numel()
    upsample_sigmoid_kernel[(triton.cdiv(n, 1024),)](x.contiguous(), y, H, W, n, BLOCK=1024)
    return y


# </TRITON>
# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(2, 3, 17, 23, device="cuda"),)


# </TEST>
