# attack: Wrong kernel: sorted rows by an index that the test makes trivial
# why: the test's index is the identity
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: gather rows by index"""

# <PYTHON>
import torch


def gather_pytorch(x, index):
    return x[index] * 2.0


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def gather_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=i < n) * 2.0, mask=i < n)


def gather_triton_wrapper(x, index):
    out = torch.empty_like(x)
    gather_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(24, 100, device="cuda"), torch.arange(24, device="cuda")


# </TEST>
