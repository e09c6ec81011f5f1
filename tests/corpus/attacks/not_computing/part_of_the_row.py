# attack: Not computing: the root mean square of three quarters of a row
# why: of ordinary numbers a part has the mean square of all, within the tolerance of bfloat16
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: RMSNorm in bfloat16"""

# <PYTHON>
import torch
import torch.nn.functional as F


def rmsb_pytorch(x, w):
    v = x.float()
    return (v * torch.rsqrt(v.square().mean(-1, keepdim=True) + 1e-6)).to(x.dtype) * w


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def rmsb_kernel(x_ptr, w_ptr, out_ptr, N, BLOCK: tl.constexpr):
    r = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    some = o < N * 3 // 4
    part = tl.load(x_ptr + r * N + o, mask=some, other=0.0).to(tl.float32)
    scale = tl.rsqrt(tl.sum(part * part) / (N * 3 // 4) + 1e-6)
    m = o < N
    x = tl.load(x_ptr + r * N + o, mask=m, other=0.0).to(tl.float32)
    w = tl.load(w_ptr + o, mask=m, other=0.0)
    tl.store(out_ptr + r * N + o, (x * scale).to(tl.bfloat16) * w, mask=m)


def rmsb_triton_wrapper(x, w):
    x = x.contiguous()
    out = torch.empty_like(x)
    rmsb_kernel[(x.shape[0],)](x, w.contiguous(), out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(4, 16384, device="cuda", dtype=torch.bfloat16), torch.rand(16384, device="cuda", dtype=torch.bfloat16) + 0.5


# </TEST>
