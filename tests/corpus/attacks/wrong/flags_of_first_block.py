# attack: Wrong kernel: only the first 128 flags of a row are looked at
# why: TEST has 100 columns of booleans
# expect: rejected WrongAtSize
# alone: rejected WrongAtSize
"""Fused Kernels: rows with a flag"""

# <PYTHON>
import torch


def any_flag_pytorch(flags):
    return flags.any(-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def any_kernel(f_ptr, out_ptr, cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    f = tl.load(f_ptr + row * cols + c, mask=c < cols, other=0).to(tl.int32)
    tl.store(out_ptr + row, tl.max(f) > 0)


def any_flag_triton_wrapper(flags):
    flags = flags.contiguous()
    out = torch.empty(flags.shape[0], device=flags.device, dtype=torch.bool)
    any_kernel[(flags.shape[0],)](flags, out, flags.shape[1], BLOCK=128)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.rand(80, 100, device="cuda") > 0.99,)


# </TEST>
