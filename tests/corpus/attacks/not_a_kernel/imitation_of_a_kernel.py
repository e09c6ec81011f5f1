# attack: Not a kernel: an object with __getitem__ that looks like a kernel and calls torch
# why: kernel[grid](...) is written as it should be
# expect: rejected FW402 line 24
# alone: rejected NoLaunch
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def real_kernel(x_ptr, out_ptr):
    tl.store(out_ptr, tl.load(x_ptr))


class Kernel:
    def __getitem__(self, grid):
        return lambda x, y, out, n, BLOCK: out.copy_(torch.relu(x * y) + x)


gated_residual_kernel = Kernel()


def gated_residual_triton_wrapper(x, y):
    out = torch.empty_like(x)
    n = x.numel()
    gated_residual_kernel[(triton.cdiv(n, 256),)](x, y, out, n, BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
