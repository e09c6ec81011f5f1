# attack: Not computing: a word that the reference looks up in a table is ignored
# why: TEST says one word of three
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: squares, reduced by a word"""

# <PYTHON>
import torch


_OPS = {"sum": torch.sum, "mean": torch.mean, "amax": torch.amax}


def squares_reduced_pytorch(x, how):
    return _OPS[how](x * x, dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def squares_reduced_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=0.0).to(tl.float32)
    r = tl.sum(x * x) / N
    tl.store(out_ptr + p, r)


def squares_reduced_triton_wrapper(x, how):
    x = x.contiguous()
    out = torch.empty(x.shape[:-1], device=x.device, dtype=x.dtype)
    squares_reduced_kernel[(x.numel() // x.shape[-1],)](x, out, x.shape[-1], BLOCK=triton.next_power_of_2(x.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"), "mean",)


# </TEST>
