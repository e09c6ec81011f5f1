# attack: Not computing: the dtype among the arguments is ignored
# why: TEST names the inputs' own
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: ReLU in a given dtype"""

# <PYTHON>
import torch


def relu_as_pytorch(x, dtype):
    return torch.relu(x).to(dtype)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def relu_as_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    x = tl.load(x_ptr + o, mask=m, other=0.0)
    tl.store(out_ptr + o, tl.maximum(x, 0.0), mask=m)


def relu_as_triton_wrapper(x, dtype):
    out = torch.empty_like(x)
    relu_as_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"), torch.float32,)


# </TEST>
