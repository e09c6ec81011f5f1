"""Fused Kernels: sigmoid and multiply, with a block that Triton refuses

What is wrong: the block is the row's length, and the length of an arange must be a power of 2.
# expect: verdict=error implementation=triton stage=compile line=25
"""

# <PYTHON>
import torch


def sigmoid_multiply_torch(x, y):
    gate = torch.sigmoid(x)
    return gate * y


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def sigmoid_multiply_kernel(x_ptr, y_ptr, out_ptr, N_COLUMNS: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, N_COLUMNS)
    x = tl.load(x_ptr + row * N_COLUMNS + columns)
    y = tl.load(y_ptr + row * N_COLUMNS + columns)
    tl.store(out_ptr + row * N_COLUMNS + columns, tl.sigmoid(x) * y)


def sigmoid_multiply_triton(x, y):
    x, y = x.contiguous(), y.contiguous()
    n_rows, n_columns = x.shape
    out = torch.empty_like(x)
    sigmoid_multiply_kernel[(n_rows,)](x, y, out, N_COLUMNS=n_columns)
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(64, 1000, device="cuda"), torch.randn(64, 1000, device="cuda")
