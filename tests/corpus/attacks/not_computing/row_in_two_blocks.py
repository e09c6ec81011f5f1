# attack: Not computing: rows longer than two blocks are read in part
# why: TEST's rows fit, and elements that repeat others change no maximum
# expect: rejected WrongAtSize
# alone: rejected WrongAtSize
"""Fused Kernels: largest magnitudes of rows"""

# <PYTHON>
import torch


def row_abs_max_pytorch(x):
    return x.abs().amax(-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def row_abs_max_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    a = tl.load(x_ptr + p * N + o, mask=o < N, other=0.0)
    b = tl.load(x_ptr + p * N + BLOCK + o, mask=BLOCK + o < N, other=0.0)
    tl.store(out_ptr + p, tl.max(tl.maximum(tl.abs(a), tl.abs(b))))


def row_abs_max_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty(x.shape[:-1], device=x.device, dtype=x.dtype)
    row_abs_max_kernel[(x.numel() // x.shape[-1],)](x, out, x.shape[-1], BLOCK=512)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(256, 900, device="cuda"),)


# </TEST>
