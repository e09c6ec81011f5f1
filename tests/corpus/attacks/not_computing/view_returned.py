# attack: Not computing: a view of the input returned
# why: a view has another id than the input, so `is` does not see it
# expect: rejected FW403 line 34
# alone: wrong
# says: shares its memory
"""Fused Kernels: ReLU of positive numbers"""

# <PYTHON>
import torch


def positive_relu_pytorch(x):
    return torch.relu(x)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


def positive_relu_triton_wrapper(x):
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return x.view(-1).view_as(x)


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.rand(12, 100, device="cuda"),)


# </TEST>
