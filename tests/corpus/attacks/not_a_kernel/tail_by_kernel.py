# attack: Not a kernel: torch does the matrix product, a kernel the last addition
# why: the kernel's launch changes the output, but nine tenths of the work are cuBLAS's
# expect: rejected FW401 line 32
# alone: rejected NotComputedByKernel
"""Fused Kernels: matrix product, bias and ReLU"""

# <PYTHON>
import torch


def linear_relu_pytorch(a, b, bias):
    return torch.relu(a @ b + bias)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def bias_relu_kernel(x_ptr, bias_ptr, out_ptr, n, columns, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    x = tl.load(x_ptr + i, mask=mask) + tl.load(bias_ptr + i % columns, mask=mask)
    tl.store(out_ptr + i, tl.maximum(x, 0.0), mask=mask)


def linear_relu_triton_wrapper(a, b, bias):
    product = torch.mm(a, b)
    out = torch.empty_like(product)
    bias_relu_kernel[(triton.cdiv(out.numel(), 256),)](
        product, bias, out, out.numel(), out.shape[1], BLOCK=256
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (
        torch.randn(30, 40, device="cuda"),
        torch.randn(40, 20, device="cuda"),
        torch.randn(20, device="cuda"),
    )


# </TEST>
