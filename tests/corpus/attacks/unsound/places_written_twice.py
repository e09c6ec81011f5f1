# attack: Unsound task: rows are written to places that occur twice
# why: which one wins is anybody's guess on a GPU
# expect: rejected StochasticReference
# alone: rejected StochasticReference
"""Fused Kernels: scatter rows by assignment"""

# <PYTHON>
import torch


def place_pytorch(base, index, rows):
    out = base.clone()
    out[index] = rows
    return out


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def place_kernel(base_ptr, i_ptr, rows_ptr, out_ptr, count, cols, BLOCK: tl.constexpr):
    to = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    m = c < cols
    value = tl.load(base_ptr + to * cols + c, mask=m)
    for r in range(0, count):
        row = tl.load(rows_ptr + r * cols + c, mask=m)
        value = tl.where(tl.load(i_ptr + r) == to, row, value)
    tl.store(out_ptr + to * cols + c, value, mask=m)


def place_triton_wrapper(base, index, rows):
    out = torch.empty_like(base)
    place_kernel[(base.shape[0],)](base.contiguous(), index.contiguous(), rows.contiguous(), out, index.shape[0], base.shape[1], BLOCK=triton.next_power_of_2(base.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(30, 64, device="cuda"), torch.randint(0, 30, (60,), device="cuda"), torch.randn(60, 64, device="cuda")


# </TEST>
