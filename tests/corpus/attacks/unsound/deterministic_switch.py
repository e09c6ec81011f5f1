# attack: Unsound task: the reference asks for deterministic algorithms
# why: a switch makes torch slow
# expect: rejected FW411 line 12
# alone: static
"""Fused Kernels: index add"""

# <PYTHON>
import torch


def accumulate_pytorch(base, index, rows):
    torch.use_deterministic_algorithms(True)
    result = base.index_add(0, index, rows)
    torch.use_deterministic_algorithms(False)
    return result


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def add_kernel(i_ptr, rows_ptr, out_ptr, cols, BLOCK: tl.constexpr):
    r = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    m = c < cols
    tl.atomic_add(out_ptr + tl.load(i_ptr + r) * cols + c, tl.load(rows_ptr + r * cols + c, mask=m), mask=m)


@triton.jit
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=i < n), mask=i < n)


def accumulate_triton_wrapper(base, index, rows):
    out = torch.empty_like(base)
    copy_kernel[(triton.cdiv(base.numel(), 512),)](base, out, base.numel(), BLOCK=512)
    add_kernel[(index.shape[0],)](index, rows, out, base.shape[1], BLOCK=triton.next_power_of_2(base.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(40, 64, device="cuda"), torch.randint(0, 40, (100,), device="cuda"), torch.randn(100, 64, device="cuda")


# </TEST>
