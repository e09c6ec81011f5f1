# kinds: indexing, ordered index, distinct index, small part of a range
"""Fused Kernels: chosen columns, shifted by the mean of what was chosen"""

# <PYTHON>
import torch


def chosen_columns_pytorch(x, columns):
    chosen = x.index_select(1, columns)
    return chosen - chosen.mean(dim=1, keepdim=True)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def chosen_columns_kernel(x_ptr, columns_ptr, out_ptr, width, count, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    lanes = tl.arange(0, BLOCK)
    inside = lanes < count
    columns = tl.load(columns_ptr + lanes, mask=inside, other=0)
    chosen = tl.load(x_ptr + row * width + columns, mask=inside, other=0.0)
    mean = tl.sum(chosen, axis=0) / count
    tl.store(out_ptr + row * count + lanes, chosen - mean, mask=inside)


def chosen_columns_triton_wrapper(x, columns):
    x, columns = x.contiguous(), columns.contiguous()
    count = columns.numel()
    out = torch.empty((x.shape[0], count), device=x.device, dtype=x.dtype)
    block = triton.next_power_of_2(count)
    chosen_columns_kernel[(x.shape[0],)](x, columns, out, x.shape[1], count, BLOCK=block)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    columns = torch.randperm(60, device="cuda")[:30].sort().values
    return torch.randn(90, 500, device="cuda"), columns


# </TEST>
