# attack: Not a kernel: a hook of the kernel's own computes before each launch
# why: the wrapper is a copy and a launch
# expect: rejected FW401
# alone: rejected NotComputedByKernel
"""Fused Kernels: softmax of rows"""

# <PYTHON>
import torch


def hooked_softmax_pytorch(x):
    return torch.softmax(x, -1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def hooked_softmax_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.store(out_ptr + o, x, mask=o < n)


def _before(*arguments, **_named):
    arguments[0].copy_(torch.softmax(arguments[0], -1))


hooked_softmax_kernel.add_pre_run_hook(_before)


def hooked_softmax_triton_wrapper(x):
    x = x.clone()
    out = torch.empty_like(x)
    hooked_softmax_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(64, 100, device="cuda"),)


# </TEST>
