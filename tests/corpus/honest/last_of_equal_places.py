# kinds: argmax, topk, integer output, equal numbers, several outputs
"""Fused Kernels: the two largest of each row and where they are, of equal ones the last"""

# <PYTHON>
import torch


def two_largest_pytorch(x, bias):
    values, places = torch.topk(x + bias, 2, dim=-1)
    return values, places.to(torch.int32)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def two_largest_kernel(x_ptr, bias_ptr, values_ptr, places_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=float("-inf"))
    x += tl.load(bias_ptr + columns, mask=mask, other=0.0)
    for place in tl.static_range(2):
        largest = tl.max(x, axis=0)
        last = tl.max(tl.where(x == largest, columns, -1), axis=0)
        tl.store(values_ptr + row * 2 + place, largest)
        tl.store(places_ptr + row * 2 + place, last)
        x = tl.where(columns == last, float("-inf"), x)


def two_largest_triton_wrapper(x, bias):
    x = x.contiguous()
    n_rows, n_columns = x.shape
    values = torch.empty((n_rows, 2), device=x.device, dtype=x.dtype)
    places = torch.empty((n_rows, 2), device=x.device, dtype=torch.int32)
    block = triton.next_power_of_2(n_columns)
    two_largest_kernel[(n_rows,)](x, bias.contiguous(), values, places, n_columns, BLOCK=block)
    return values, places


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(50, 90, device="cuda"), torch.randn(90, device="cuda")


# </TEST>
