# kinds: backward, autograd.Function, several outputs, float32, gradients returned
"""Fused Kernels: squared ReLU with bias, its value and its gradients through autograd"""

# <PYTHON>
import torch


def squared_relu_gradients_pytorch(x, bias, grad):
    """Returns the value and what flows back to x and to the bias."""
    x = x.detach().requires_grad_()
    bias = bias.detach().requires_grad_()
    with torch.enable_grad():
        y = torch.relu(x + bias).square()
        grad_x, grad_bias = torch.autograd.grad(y, (x, bias), grad)
    return y.detach(), grad_x, grad_bias


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def forward_kernel(x_ptr, bias_ptr, out_ptr, n_columns, n_elements, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    x += tl.load(bias_ptr + offsets % n_columns, mask=mask, other=0.0)
    positive = tl.where(x < 0.0, 0.0, x)
    tl.store(out_ptr + offsets, positive * positive, mask=mask)


@triton.jit
def backward_kernel(
    x_ptr,
    bias_ptr,
    grad_ptr,
    grad_x_ptr,
    grad_bias_ptr,
    n_rows,
    n_columns,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """A program owns COLUMNS columns and walks down the rows, so that the bias needs no second step."""
    columns = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    in_row = columns < n_columns
    bias = tl.load(bias_ptr + columns, mask=in_row, other=0.0)
    total = tl.zeros((COLUMNS,), dtype=tl.float32)
    for start in range(0, n_rows, ROWS):
        rows = start + tl.arange(0, ROWS)
        mask = (rows[:, None] < n_rows) & in_row[None, :]
        offsets = rows[:, None] * n_columns + columns[None, :]
        x = tl.load(x_ptr + offsets, mask=mask, other=0.0) + bias[None, :]
        grad = tl.load(grad_ptr + offsets, mask=mask, other=0.0)
        grad_x = tl.where(x < 0.0, 0.0, 2.0 * x * grad)
        tl.store(grad_x_ptr + offsets, grad_x, mask=mask)
        total += tl.sum(grad_x, axis=0)
    tl.store(grad_bias_ptr + columns, total, mask=in_row)


class SquaredRelu(torch.autograd.Function):
    """Both directions are kernels; autograd only calls them."""

    @staticmethod
    def forward(ctx, x, bias):
        x, bias = x.contiguous(), bias.contiguous()
        ctx.save_for_backward(x, bias)
        out = torch.empty_like(x)
        n_elements = x.numel()
        forward_kernel[(triton.cdiv(n_elements, 1024),)](x, bias, out, x.shape[-1], n_elements, BLOCK=1024)
        return out

    @staticmethod
    def backward(ctx, grad):
        x, bias = ctx.saved_tensors
        n_rows, n_columns = x.shape
        grad_x, grad_bias = torch.empty_like(x), torch.empty_like(bias)
        backward_kernel[(triton.cdiv(n_columns, 64),)](
            x, bias, grad.contiguous(), grad_x, grad_bias, n_rows, n_columns, ROWS=16, COLUMNS=64
        )
        return grad_x, grad_bias


def squared_relu_gradients_triton_wrapper(x, bias, grad):
    x = x.detach().requires_grad_()
    bias = bias.detach().requires_grad_()
    with torch.enable_grad():
        y = SquaredRelu.apply(x, bias)
        grad_x, grad_bias = torch.autograd.grad(y, (x, bias), grad)
    return y.detach(), grad_x, grad_bias


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x, grad = torch.randn(40, 130, device="cuda"), torch.randn(40, 130, device="cuda")
    return x, torch.randn(130, device="cuda"), grad


# </TEST>
