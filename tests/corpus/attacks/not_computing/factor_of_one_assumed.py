# attack: Not computing: a factor that is one in TEST is ignored
# why: a tensor of one element, a one
# expect: rejected FW419
# alone: rejected WrongAtValues
"""Fused Kernels: ReLU, scaled"""

# <PYTHON>
import torch


def scaled_relu_pytorch(x, s):
    return torch.relu(x) * s


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def scaled_relu_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    x = tl.load(x_ptr + o, mask=m, other=0.0)
    tl.store(out_ptr + o, tl.maximum(x, 0.0), mask=m)


def scaled_relu_triton_wrapper(x, s):
    out = torch.empty_like(x)
    scaled_relu_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"), torch.ones(1, device="cuda"),)


# </TEST>
