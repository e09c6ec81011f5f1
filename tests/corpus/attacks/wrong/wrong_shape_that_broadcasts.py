# attack: Wrong kernel: a keepdim forgotten: broadcasting hides it
# why: a comparison that broadcasts accepts it
# expect: wrong
# alone: wrong
# says: shape
"""Fused Kernels: mean over rows, kept"""

# <PYTHON>
import torch


def row_means_pytorch(x):
    return x.mean(dim=-1, keepdim=True)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def row_means_kernel(x_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n_columns + columns, mask=columns < n_columns, other=0.0)
    tl.store(out_ptr + row, tl.sum(x, axis=0) / n_columns)


def row_means_triton_wrapper(x):
    out = torch.empty(x.shape[0], device=x.device)
    row_means_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(24, 100, device="cuda"),)


# </TEST>
