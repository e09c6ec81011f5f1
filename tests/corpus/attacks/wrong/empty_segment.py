# attack: Wrong kernel: segments without rows are left uninitialised and clipped away
# why: every segment has rows in the draw
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: segment mean"""

# <PYTHON>
import torch


def segment_mean_pytorch(x, offsets):
    sums = torch.cat((torch.zeros_like(x[:1]), x.cumsum(0)))
    count = (offsets[1:] - offsets[:-1]).clamp(min=1)
    return (sums[offsets[1:]] - sums[offsets[:-1]]) / count[:, None]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def segment_kernel(x_ptr, offsets_ptr, out_ptr, width, BLOCK: tl.constexpr):
    s = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    m = c < width
    first = tl.load(offsets_ptr + s)
    last = tl.load(offsets_ptr + s + 1)
    acc = tl.load(x_ptr + first * width + c, mask=m, other=0.0)
    for r in range(first + 1, last):
        acc += tl.load(x_ptr + r * width + c, mask=m, other=0.0)
    tl.store(out_ptr + s * width + c, acc / tl.maximum(last - first, 1), mask=m)


def segment_mean_triton_wrapper(x, offsets):
    out = torch.empty(offsets.shape[0] - 1, x.shape[1], device=x.device)
    segment_kernel[(out.shape[0],)](x, offsets, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    lengths = torch.randint(3, 9, (12,), device="cuda")
    offsets = torch.cat((torch.zeros(1, dtype=torch.int64, device="cuda"), lengths.cumsum(0)))
    return torch.randn(int(offsets[-1]), 48, device="cuda"), offsets


# </TEST>
