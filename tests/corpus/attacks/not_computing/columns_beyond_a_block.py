# attack: Not computing: columns beyond the thousand of one block are left out
# why: the rows shown have fewer, and so have all that are a little longer
# expect: rejected WrongAtSize
# alone: rejected WrongAtSize
# says: more than a thousand columns
"""Fused Kernels: sum of squares of each row, and its largest size"""

# <PYTHON>
import torch


def squares_pytorch(x):
    return (x * x).sum(dim=-1) + x.abs().amax(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def squares_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + c, mask=c < n, other=0.0)
    tl.store(out_ptr + row, tl.sum(x * x, axis=0) + tl.max(tl.abs(x), axis=0))


def squares_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty(x.shape[0], device=x.device, dtype=x.dtype)
    squares_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=1024)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(2000, 300, device="cuda"),)


# </TEST>
