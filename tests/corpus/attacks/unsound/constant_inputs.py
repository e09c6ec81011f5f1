# attack: Unsound task: inputs of one value, made with full and expand
# why: one element tells all
# expect: rejected FW417 line 41
# alone: rejected DegenerateInputs
"""Fused Kernels: a sum that cancels"""

# <PYTHON>
import torch


def cancelling_pytorch(x):
    return torch.exp(x)


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
    constant_kernel[(triton.cdiv(x.numel(), 256),)](out, x.numel(), 1.6487212707001282, BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.full((1, 1), 0.5, device="cuda").expand(24, 100).contiguous(),)


# </TEST>
