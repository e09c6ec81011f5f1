# attack: Unsound task: inputs that are the same numbers each time, by arange
# why: the result can be stored: no seed changes the inputs
# expect: rejected DegenerateInputs
# alone: rejected DegenerateInputs
"""Fused Kernels: a sum that cancels"""

# <PYTHON>
import torch


def cancelling_pytorch(x):
    return torch.sin(x) * 0.0 + x.mean()


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def constant_kernel(out_ptr, n, value, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.zeros((BLOCK,), dtype=tl.float32) + value, mask=i < n)


def cancelling_triton_wrapper(x):
    out = torch.empty_like(x)
    constant_kernel[(triton.cdiv(x.numel(), 256),)](out, x.numel(), 2399 / 2, BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.arange(2400, device="cuda", dtype=torch.float32).view(24, 100),)


# </TEST>
