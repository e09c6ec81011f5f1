# attack: Reuse: outputs kept on the kernel itself, by a first element
# why: a launch of one element stands in for the work
# expect: rejected FW406
# alone: rejected NotComputedByKernel
"""Fused Kernels: sigmoid"""

# <PYTHON>
import torch


def kept_sigmoid_pytorch(x):
    return torch.sigmoid(x)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def kept_sigmoid_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.store(out_ptr + o, tl.sigmoid(x), mask=o < n)


def kept_sigmoid_triton_wrapper(x):
    kept = kept_sigmoid_kernel.__dict__.setdefault("kept", {})
    key = (x.shape, float(x.reshape(-1)[0]))
    if key not in kept:
        out = torch.empty_like(x)
        kept_sigmoid_kernel[(triton.cdiv(x.numel(), 256),)](x.contiguous(), out, x.numel(), BLOCK=256)
        kept[key] = out
    else:
        kept_sigmoid_kernel[(1,)](x, torch.empty_like(x), 1, BLOCK=256)
    return kept[key]


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(64, 100, device="cuda"),)


# </TEST>
