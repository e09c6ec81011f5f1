# kinds: pooling, options
"""Fused Kernels: average pooling with a stride for each axis"""

# <PYTHON>
import torch


def pool_pytorch(x, window, stride):
    return torch.nn.functional.avg_pool2d(x, window, stride=tuple(stride))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def pool_kernel(x_ptr, out_ptr, h, w, oh, ow, SY, SX, K: tl.constexpr, BLOCK: tl.constexpr):
    plane = tl.program_id(0)
    i = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    mask = i < oh * ow
    y = i // ow * SY
    x = i % ow * SX
    acc = tl.zeros((BLOCK,), dtype=tl.float32)
    for dy in range(K):
        for dx in range(K):
            acc += tl.load(x_ptr + plane * h * w + (y + dy) * w + x + dx, mask=mask, other=0.0)
    tl.store(out_ptr + plane * oh * ow + i, acc / (K * K), mask=mask)


def pool_triton_wrapper(x, window, stride):
    x = x.contiguous()
    n, c, h, w = x.shape
    oh, ow = (h - window) // stride[0] + 1, (w - window) // stride[1] + 1
    out = torch.empty((n, c, oh, ow), device=x.device, dtype=x.dtype)
    pool_kernel[(n * c, triton.cdiv(oh * ow, 128))](
        x, out, h, w, oh, ow, stride[0], stride[1], K=window, BLOCK=128
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(2, 3, 20, 22, device="cuda"), 3, (2, 2)


# </TEST>
