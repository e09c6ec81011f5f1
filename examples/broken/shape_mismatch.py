"""Fused Kernels: row maximum of a product, returned in another shape

What is wrong: the reference keeps the reduced dimension, (512, 1), and the wrapper returns (512,).
# expect: verdict=wrong
"""

# <PYTHON>
import torch


def product_maximum(x, y):
    product = x * y
    return product.amax(dim=-1, keepdim=True)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def product_maximum_kernel(x_ptr, y_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=0.0)
    y = tl.load(y_ptr + row * n_columns + columns, mask=mask, other=0.0)
    tl.store(out_ptr + row, tl.max(tl.where(mask, x * y, float("-inf")), axis=0))


def product_maximum(x, y):
    x, y = x.contiguous(), y.contiguous()
    n_rows, n_columns = x.shape
    out = torch.empty(n_rows, device=x.device, dtype=x.dtype)
    product_maximum_kernel[(n_rows,)](x, y, out, n_columns, BLOCK=triton.next_power_of_2(n_columns))
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(512, 1024, device="cuda"), torch.randn(512, 1024, device="cuda")
