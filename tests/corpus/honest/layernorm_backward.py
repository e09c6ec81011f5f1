# kinds: normalisation, layer norm, backward, two kernels, workspace, several outputs, float32
"""Fused Kernels: the gradients of layer norm, with the weights' sums gathered in two steps"""

# <PYTHON>
import torch


def layernorm_backward_torch(grad, x, weight, mean, rstd):
    n_columns = x.shape[-1]
    normed = (x - mean[:, None]) * rstd[:, None]
    weighted = grad * weight
    along = (weighted * normed).sum(dim=-1, keepdim=True) / n_columns
    level = weighted.sum(dim=-1, keepdim=True) / n_columns
    grad_x = (weighted - normed * along - level) * rstd[:, None]
    return grad_x, (grad * normed).sum(dim=0), grad.sum(dim=0)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def rows_kernel(
    grad_ptr,
    x_ptr,
    weight_ptr,
    mean_ptr,
    rstd_ptr,
    grad_x_ptr,
    partial_weight_ptr,
    partial_bias_ptr,
    n_rows,
    n_columns,
    ROWS_OF_PROGRAM: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """A program works through a few rows and keeps their share of the weights' gradients in registers."""
    program = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    weight = tl.load(weight_ptr + columns, mask=mask, other=0.0)
    sum_weight = tl.zeros((BLOCK,), dtype=tl.float32)
    sum_bias = tl.zeros((BLOCK,), dtype=tl.float32)
    for step in range(ROWS_OF_PROGRAM):
        row = program * ROWS_OF_PROGRAM + step
        inside = mask & (row < n_rows)
        grad = tl.load(grad_ptr + row * n_columns + columns, mask=inside, other=0.0)
        x = tl.load(x_ptr + row * n_columns + columns, mask=inside, other=0.0)
        mean = tl.load(mean_ptr + row, mask=row < n_rows, other=0.0)
        rstd = tl.load(rstd_ptr + row, mask=row < n_rows, other=0.0)
        normed = tl.where(inside, (x - mean) * rstd, 0.0)
        weighted = grad * weight
        along = tl.sum(weighted * normed, axis=0) / n_columns
        level = tl.sum(weighted, axis=0) / n_columns
        grad_x = (weighted - normed * along - level) * rstd
        tl.store(grad_x_ptr + row * n_columns + columns, grad_x, mask=inside)
        sum_weight += grad * normed
        sum_bias += grad
    tl.store(partial_weight_ptr + program * n_columns + columns, sum_weight, mask=mask)
    tl.store(partial_bias_ptr + program * n_columns + columns, sum_bias, mask=mask)


@triton.jit
def columns_kernel(
    partial_weight_ptr,
    partial_bias_ptr,
    grad_weight_ptr,
    grad_bias_ptr,
    n_partials,
    n_columns,
    PARTIALS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """A program adds up COLUMNS columns of all partial sums."""
    columns = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    in_row = columns < n_columns
    sum_weight = tl.zeros((COLUMNS,), dtype=tl.float32)
    sum_bias = tl.zeros((COLUMNS,), dtype=tl.float32)
    for start in range(0, n_partials, PARTIALS):
        partials = start + tl.arange(0, PARTIALS)
        mask = (partials[:, None] < n_partials) & in_row[None, :]
        offsets = partials[:, None] * n_columns + columns[None, :]
        sum_weight += tl.sum(tl.load(partial_weight_ptr + offsets, mask=mask, other=0.0), axis=0)
        sum_bias += tl.sum(tl.load(partial_bias_ptr + offsets, mask=mask, other=0.0), axis=0)
    tl.store(grad_weight_ptr + columns, sum_weight, mask=in_row)
    tl.store(grad_bias_ptr + columns, sum_bias, mask=in_row)


def layernorm_backward_triton(grad, x, weight, mean, rstd):
    grad, x = grad.contiguous(), x.contiguous()
    n_rows, n_columns = x.shape
    n_programs = triton.cdiv(n_rows, 4)
    grad_x = torch.empty_like(x)
    # The workspace of the partial sums, made anew for each call.
    partial_weight = torch.empty((n_programs, n_columns), device=x.device, dtype=torch.float32)
    partial_bias = torch.empty_like(partial_weight)
    rows_kernel[(n_programs,)](
        grad,
        x,
        weight.contiguous(),
        mean.contiguous(),
        rstd.contiguous(),
        grad_x,
        partial_weight,
        partial_bias,
        n_rows,
        n_columns,
        ROWS_OF_PROGRAM=4,
        BLOCK=triton.next_power_of_2(n_columns),
    )
    grad_weight = torch.empty(n_columns, device=x.device, dtype=x.dtype)
    grad_bias = torch.empty_like(grad_weight)
    columns_kernel[(triton.cdiv(n_columns, 64),)](
        partial_weight, partial_bias, grad_weight, grad_bias, n_programs, n_columns, PARTIALS=16, COLUMNS=64
    )
    return grad_x, grad_weight, grad_bias


# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(62, 200, device="cuda")
    grad = torch.randn(62, 200, device="cuda")
    weight = torch.rand(200, device="cuda") + 0.5
    mean = x.mean(dim=-1)
    rstd = torch.rsqrt(x.var(dim=-1, correction=0) + 1e-5)
    return grad, x, weight, mean, rstd
