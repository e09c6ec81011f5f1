# kinds: gather, permutation, output a rearrangement of the input, flip, float16, int32 indices
"""Fused Kernels: reorder each row by its own permutation and append it reversed"""

# <PYTHON>
import torch


def permute_and_reverse_pytorch(x, order):
    taken = torch.gather(x, 1, order.long())
    return torch.cat((taken, x.flip(1)), dim=1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def permute_and_reverse_kernel(x_ptr, order_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=0.0)
    order = tl.load(order_ptr + row * n_columns + columns, mask=mask, other=0)
    # The row is in registers already: taking from it needs no second trip to memory.
    taken = tl.gather(x, order, axis=0)
    out_row_ptr = out_ptr + row * 2 * n_columns
    tl.store(out_row_ptr + columns, taken, mask=mask)
    tl.store(out_row_ptr + 2 * n_columns - 1 - columns, x, mask=mask)


def permute_and_reverse_triton_wrapper(x, order):
    x, order = x.contiguous(), order.contiguous()
    n_rows, n_columns = x.shape
    out = torch.empty((n_rows, 2 * n_columns), device=x.device, dtype=x.dtype)
    permute_and_reverse_kernel[(n_rows,)](x, order, out, n_columns, BLOCK=triton.next_power_of_2(n_columns))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    order = torch.argsort(torch.rand(50, 90, device="cuda"), dim=1).to(torch.int32)
    return torch.randn(50, 90, device="cuda", dtype=torch.float16), order


# </TEST>
