# attack: Not a kernel: a sparse matrix product of dense data
# why: as softmax, for the product
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
    hidden = torch.sparse.addmm(bias.expand(a.shape[0], -1), a.to_sparse(), b).clamp(min=0)
    x = hidden
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
