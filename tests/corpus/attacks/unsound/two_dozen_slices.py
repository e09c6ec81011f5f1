# attack: Unsound task: the same element by element on two dozen slices
# why: few enough to look like parts of a model
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: weighted tanh"""

# <PYTHON>
import torch


def sliced_tanh_pytorch(x, weight):
    parts = []
    for part in x.chunk(24, dim=0):
        parts.append(torch.tanh(part * weight))
    return torch.cat(parts, dim=0)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def sliced_tanh_kernel(x_ptr, w_ptr, out_ptr, n, C, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0) * tl.load(w_ptr + o % C, mask=o < n, other=0.0)
    e = tl.exp(-2.0 * tl.abs(x))
    t = (1.0 - e) / (1.0 + e)
    tl.store(out_ptr + o, tl.where(x < 0, -t, t), mask=o < n)


def sliced_tanh_triton_wrapper(x, weight):
    x = x.contiguous()
    out = torch.empty_like(x)
    sliced_tanh_kernel[(triton.cdiv(x.numel(), 256),)](x, weight.contiguous(), out, x.numel(), x.shape[-1], BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(480, 100, device="cuda"), torch.randn(100, device="cuda")


# </TEST>
