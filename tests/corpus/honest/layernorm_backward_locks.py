# kinds: normalisation, layer norm, backward, locks, atomics, two kernels, workspace, float16
"""Fused Kernels: layer norm's weight gradients, gathered under locks in a few shared buffers"""

# <PYTHON>
import torch


def weight_gradients_torch(grad, normed):
    """grad and normed are (rows, columns); both sums run over the rows."""
    wide = grad.float()
    return (wide * normed.float()).sum(dim=0).to(grad.dtype), wide.sum(dim=0).to(grad.dtype)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def accumulate_kernel(
    grad_ptr,
    normed_ptr,
    weight_sums_ptr,
    bias_sums_ptr,
    locks_ptr,
    n_columns,
    n_buffers,
    BLOCK: tl.constexpr,
):
    """Programs share a few buffers; whoever holds a buffer's lock adds its row."""
    row = tl.program_id(0)
    buffer = row % n_buffers
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    grad = tl.load(grad_ptr + row * n_columns + columns, mask=mask, other=0.0).to(tl.float32)
    normed = tl.load(normed_ptr + row * n_columns + columns, mask=mask, other=0.0).to(tl.float32)
    weight_ptrs = weight_sums_ptr + buffer * n_columns + columns
    bias_ptrs = bias_sums_ptr + buffer * n_columns + columns
    while tl.atomic_cas(locks_ptr + buffer, 0, 1) == 1:
        pass
    tl.store(weight_ptrs, tl.load(weight_ptrs, mask=mask, other=0.0) + grad * normed, mask=mask)
    tl.store(bias_ptrs, tl.load(bias_ptrs, mask=mask, other=0.0) + grad, mask=mask)
    # All threads have stored before the lock is given back.
    tl.debug_barrier()
    tl.atomic_xchg(locks_ptr + buffer, 0)


@triton.jit
def finish_kernel(
    weight_sums_ptr,
    bias_sums_ptr,
    weight_ptr,
    bias_ptr,
    n_columns,
    n_buffers,
    BUFFERS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    columns = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    buffers = tl.arange(0, BUFFERS)
    mask = (buffers[:, None] < n_buffers) & (columns[None, :] < n_columns)
    offsets = buffers[:, None] * n_columns + columns[None, :]
    weight = tl.sum(tl.load(weight_sums_ptr + offsets, mask=mask, other=0.0), axis=0)
    bias = tl.sum(tl.load(bias_sums_ptr + offsets, mask=mask, other=0.0), axis=0)
    tl.store(weight_ptr + columns, weight.to(tl.float16), mask=columns < n_columns)
    tl.store(bias_ptr + columns, bias.to(tl.float16), mask=columns < n_columns)


def weight_gradients_triton(grad, normed):
    grad, normed = grad.contiguous(), normed.contiguous()
    n_rows, n_columns = grad.shape
    n_buffers = 8
    weight_sums = torch.zeros((n_buffers, n_columns), device=grad.device, dtype=torch.float32)
    bias_sums = torch.zeros_like(weight_sums)
    locks = torch.zeros(n_buffers, device=grad.device, dtype=torch.int32)
    accumulate_kernel[(n_rows,)](
        grad,
        normed,
        weight_sums,
        bias_sums,
        locks,
        n_columns,
        n_buffers,
        BLOCK=triton.next_power_of_2(n_columns),
    )
    weight = torch.empty(n_columns, device=grad.device, dtype=grad.dtype)
    bias = torch.empty_like(weight)
    finish_kernel[(triton.cdiv(n_columns, 64),)](
        weight_sums, bias_sums, weight, bias, n_columns, n_buffers, BUFFERS=8, COLUMNS=64
    )
    return weight, bias


# <TEST>
import torch


def get_test_inputs():
    grad = torch.randn(60, 150, device="cuda", dtype=torch.float16)
    return grad, torch.randn(60, 150, device="cuda", dtype=torch.float16)
