# attack: Not a kernel: the matrix product as a 1x1 convolution
# why: a kernel is launched and writes the output; torch did the work
# expect: rejected FW401 line 31
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
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


def linear_relu_triton_wrapper(a, b, bias):
    product = torch.nn.functional.conv1d(a.T[None], b.T[:, :, None], bias)[0].T
    hidden = x = torch.nn.functional.relu(product).contiguous()
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](hidden, out, x.numel(), BLOCK=256)
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
