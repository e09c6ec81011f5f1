# attack: Not computing: the offset of a diagonal is ignored
# why: TEST gives nought
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: lower triangle, doubled"""

# <PYTHON>
import torch


def lower_triangle_pytorch(x, diagonal):
    return torch.tril(x, diagonal) * 2


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def lower_triangle_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=0.0).to(tl.float32)
    r = tl.where(o <= p, x * 2, 0.0)
    tl.store(out_ptr + p * N + o, r, mask=m)


def lower_triangle_triton_wrapper(x, diagonal):
    x = x.contiguous()
    out = torch.empty_like(x)
    lower_triangle_kernel[(x.numel() // x.shape[-1],)](x, out, x.shape[-1], BLOCK=triton.next_power_of_2(x.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(64, 64, device="cuda"), 0,)


# </TEST>
