# attack: Unsound task: TEST switches cuDNN off
# why: TEST runs beside the reference alone
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: blur"""

# <PYTHON>
import torch


def blur_pytorch(x, w):
    return torch.nn.functional.conv2d(x, w, padding=1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def blur_kernel(x_ptr, w_ptr, out_ptr, n, height, width, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    acc = tl.zeros((BLOCK,), dtype=tl.float32)
    plane = i // (width * height)
    for dy in range(0, 3):
        for dx in range(0, 3):
            y = i // width % height - 1 + dy
            x = i % width - 1 + dx
            ok = m & (y >= 0) & (y < height) & (x >= 0) & (x < width)
            acc += tl.load(x_ptr + (plane * height + y) * width + x, mask=ok, other=0.0) * tl.load(w_ptr + dy * 3 + dx)
    tl.store(out_ptr + i, acc, mask=m)


def blur_triton_wrapper(x, w):
    x, w = x.contiguous(), w.contiguous()
    out = torch.empty_like(x)
    blur_kernel[(triton.cdiv(out.numel(), 256),)](x, w, out, out.numel(), x.shape[2], x.shape[3], BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


torch.backends.cudnn.enabled = False

def get_test_inputs():
    return torch.randn(2, 1, 40, 44, device="cuda"), torch.randn(1, 1, 3, 3, device="cuda")


# </TEST>
