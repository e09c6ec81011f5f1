# attack: Unsound task: the reference sorts what it then only adds up
# why: a sum does not care for the order, a clock does
# expect: rejected SlowReference line 12
# alone: rejected SlowReference
"""Fused Kernels: sorted before a sum"""

# <PYTHON>
import torch


def trimmed_energy_pytorch(x):
    return torch.sort(x * x, dim=-1, descending=True).values.sum(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def trimmed_energy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + i, mask=i < n, other=0.0)
    tl.store(out_ptr + row, tl.sum(x * x, axis=0))


def trimmed_energy_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty(x.shape[0], device=x.device, dtype=x.dtype)
    trimmed_energy_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 90, device="cuda"),)


# </TEST>
