"""Fused Kernels: layer normalisation whose variance counts the padding

What is wrong: lanes past the row's end hold -mean after the subtraction, and they enter the variance.
# expect: verdict=wrong
"""

# <PYTHON>
import torch


def normalise_pytorch(x):
    mean = x.mean(dim=-1, keepdim=True)
    centred = x - mean
    variance = centred.pow(2).mean(dim=-1, keepdim=True)
    return centred * torch.rsqrt(variance + 1e-5)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def normalise_kernel(x_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=0.0)
    centred = x - tl.sum(x, axis=0) / n_columns
    variance = tl.sum(centred * centred, axis=0) / n_columns
    tl.store(out_ptr + row * n_columns + columns, centred * tl.rsqrt(variance + 1e-5), mask=mask)


def normalise_triton_wrapper(x):
    x = x.contiguous()
    n_rows, n_columns = x.shape
    out = torch.empty_like(x)
    normalise_kernel[(n_rows,)](x, out, n_columns, BLOCK=triton.next_power_of_2(n_columns))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    # The mean is far from 0, or the padding would hardly show.
    return (torch.randn(256, 1500, device="cuda") + 3.0,)


# </TEST>
