# attack: Not computing: an optional bias is taken and dropped
# why: TEST gives none
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: ReLU with an optional bias"""

# <PYTHON>
import torch


def relu_bias_pytorch(x, bias=None):
    y = torch.relu(x)
    return y if bias is None else y + bias


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def relu_bias_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    x = tl.load(x_ptr + o, mask=m, other=0.0)
    tl.store(out_ptr + o, tl.maximum(x, 0.0), mask=m)


def relu_bias_triton_wrapper(x, bias=None):
    out = torch.empty_like(x)
    relu_bias_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"), None,)


# </TEST>
