# kinds: embedding, backward, scatter-add, atomics, zeros and atomic additions, output mostly zero, float32
"""Fused Kernels: gradient of an embedding table, of which few rows were looked up"""

# <PYTHON>
import torch


def embedding_gradient_pytorch(grad, tokens, n_rows, scale):
    """Rows of the table that no token named have a gradient of zero."""
    table = torch.zeros(n_rows, grad.shape[-1], device=grad.device, dtype=grad.dtype)
    return table.index_add(0, tokens, grad * scale)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def embedding_gradient_kernel(grad_ptr, tokens_ptr, table_ptr, scale, width, n_rows, BLOCK: tl.constexpr):
    place = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    token = tl.load(tokens_ptr + place)
    mask = (columns < width) & (token < n_rows)
    grad = tl.load(grad_ptr + place * width + columns, mask=mask, other=0.0)
    # A word that occurs twice gets both gradients.
    tl.atomic_add(table_ptr + token * width + columns, grad * scale, mask=mask)


def embedding_gradient_triton_wrapper(grad, tokens, n_rows, scale):
    grad, tokens = grad.contiguous(), tokens.contiguous()
    n_tokens, width = grad.shape
    table = torch.zeros((n_rows, width), device=grad.device, dtype=grad.dtype)
    embedding_gradient_kernel[(n_tokens,)](
        grad, tokens, table, scale, width, n_rows, BLOCK=triton.next_power_of_2(width)
    )
    return table


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    tokens = torch.randint(0, 1000, (80,), device="cuda")
    return torch.randn(80, 96, device="cuda"), tokens, 1000, 0.5


# </TEST>
