# attack: Not computing: the epsilon among the arguments is written into the kernel
# why: beside ordinary numbers no epsilon shows
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: RMSNorm"""

# <PYTHON>
import torch


def rms_norm_pytorch(x, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def rms_norm_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=0.0).to(tl.float32)
    r = x * tl.rsqrt(tl.sum(x * x) / N + 1e-6)
    tl.store(out_ptr + p * N + o, r, mask=m)


def rms_norm_triton_wrapper(x, eps):
    x = x.contiguous()
    out = torch.empty_like(x)
    rms_norm_kernel[(x.numel() // x.shape[-1],)](x, out, x.shape[-1], BLOCK=triton.next_power_of_2(x.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"), 1e-6,)


# </TEST>
