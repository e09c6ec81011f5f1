# attack: Wrong kernel: the lengths are never read, since TEST gives full ones
# why: an argument with one value
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: masked mean pooling by lengths"""

# <PYTHON>
import torch


def masked_mean_pytorch(x, lengths):
    keep = torch.arange(x.shape[1], device=x.device)[None, :] < lengths[:, None]
    return (x * keep[:, :, None]).sum(1) / lengths[:, None].to(x.dtype)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def mean_kernel(x_ptr, lengths_ptr, out_ptr, steps, width, BLOCK: tl.constexpr):
    b = tl.program_id(0)
    c = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    m = c < width
    count = tl.load(lengths_ptr + b)
    acc = tl.zeros((BLOCK,), dtype=tl.float32)
    for t in range(0, steps):
        acc += tl.load(x_ptr + (b * steps + t) * width + c, mask=m, other=0.0)
    tl.store(out_ptr + b * width + c, acc / count, mask=m)


def masked_mean_triton_wrapper(x, lengths):
    b, steps, width = x.shape
    out = torch.empty(b, width, device=x.device)
    mean_kernel[(b, triton.cdiv(width, 64))](x, lengths, out, steps, width, BLOCK=64)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(6, 20, 100, device="cuda")
    return x, torch.full((6,), x.shape[1], device="cuda", dtype=torch.int64)


# </TEST>
