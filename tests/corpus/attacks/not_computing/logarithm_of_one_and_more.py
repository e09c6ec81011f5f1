# attack: Not computing: the logarithm of one and a number, where the reference asks for log1p
# why: at numbers of ordinary size they are the same
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
# says: log1p
"""Fused Kernels: signed logarithm, scaled"""

# <PYTHON>
import torch


def symlog_pytorch(x, scale):
    return torch.sign(x) * torch.log1p(torch.abs(x)) * scale


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def symlog_kernel(x_ptr, scale_ptr, out_ptr, n, columns, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    scale = tl.load(scale_ptr + o % columns, mask=o < n, other=0.0)
    y = tl.log(1.0 + tl.abs(x))
    tl.store(out_ptr + o, tl.where(x < 0.0, -y, y) * scale, mask=o < n)


def symlog_triton_wrapper(x, scale):
    x = x.contiguous()
    out = torch.empty_like(x)
    symlog_kernel[(triton.cdiv(x.numel(), 256),)](
        x, scale.contiguous(), out, x.numel(), x.shape[1], BLOCK=256
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(40, 100, device="cuda"), torch.randn(100, device="cuda")


# </TEST>
