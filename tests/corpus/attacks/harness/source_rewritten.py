# attack: Harness: the kernel's source is replaced before it is compiled
# why: the text that is read is not the text that runs
# expect: rejected FW406 line 31
# alone: static
"""Fused Kernels: source rewritten"""

# <PYTHON>
import torch


def product_pytorch(x, y):
    return x * y


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def product_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n, other=0.0)
    y = tl.load(y_ptr + i, mask=i < n, other=0.0)
    tl.store(out_ptr + i, x + y, mask=i < n)


product_kernel._unsafe_update_src(product_kernel.src.replace("x + y", "x * y"))


def product_triton_wrapper(x, y):
    x, y = x.contiguous(), y.contiguous()
    out = torch.empty_like(x)
    n = x.numel()
    product_kernel[(triton.cdiv(n, 256),)](x, y, out, n, BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(40, 90, device="cuda"), torch.randn(40, 90, device="cuda")


# </TEST>
