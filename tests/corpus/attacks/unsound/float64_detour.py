# attack: Unsound task: the reference computes in float64 and casts back
# why: a GPU's float64 is 2 to 64 times slower, and a kernel in float32 is right within tolerance
# expect: rejected FW416 line 12
# needs: gpu
"""Fused Kernels: scale and softmax over rows"""

# <PYTHON>
import torch


def scaled_softmax_pytorch(x, scale):
    return torch.softmax(x.double() * scale, dim=-1).float()


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def scaled_softmax_kernel(x_ptr, out_ptr, scale, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=-float("inf")) * scale
    e = tl.exp(x - tl.max(x, axis=0))
    tl.store(out_ptr + row * n_columns + columns, e / tl.sum(e, axis=0), mask=mask)


def scaled_softmax_triton_wrapper(x, scale):
    out = torch.empty_like(x)
    scaled_softmax_kernel[(x.shape[0],)](x, out, scale, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(24, 100, device="cuda"), 0.7


# </TEST>
