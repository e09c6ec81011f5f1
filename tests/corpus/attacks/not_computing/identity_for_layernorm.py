# attack: Not computing: the input copied, as layer normalisation of normal data changes little
# why: rows of 4096 normal numbers have mean 0 and variance 1 to one in a hundred
# expect: wrong
# alone: wrong
# says: differs at
"""Fused Kernels: layer normalisation"""

# <PYTHON>
import torch


def layernorm_pytorch(x):
    return torch.nn.functional.layer_norm(x, (x.shape[-1],))


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


def layernorm_triton_wrapper(x):
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 1024),)](x, out, x.numel(), BLOCK=1024)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(4, 4096, device="cuda"),)


# </TEST>
