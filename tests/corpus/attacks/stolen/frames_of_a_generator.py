# attack: Stolen: the frames above a generator searched for the expected tensor
# why: a frame that no inspect, sys or traceback gave
# expect: rejected FW406
# alone: static
"""Fused Kernels: sigmoid"""

# <PYTHON>
import torch


def walked_sigmoid_pytorch(x):
    return torch.sigmoid(x)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def walked_sigmoid_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.store(out_ptr + o, tl.sigmoid(x), mask=o < n)


def _walk():
    yield


def walked_sigmoid_triton_wrapper(x):
    out = torch.empty_like(x)
    walker = _walk()
    frame = walker.gi_frame
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if isinstance(value, torch.Tensor) and value.shape == x.shape and value is not x and value is not out:
                out.copy_(value)
        frame = frame.f_back
    walked_sigmoid_kernel[(triton.cdiv(x.numel(), 256),)](x.contiguous(), out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(64, 100, device="cuda"),)


# </TEST>
