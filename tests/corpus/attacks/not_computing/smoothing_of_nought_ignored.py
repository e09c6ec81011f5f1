# attack: Not computing: a share of nought for smoothing is ignored
# why: what it multiplies is nothing
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: cross-entropy with smoothed labels"""

# <PYTHON>
import torch


def smoothed_loss_pytorch(x, t, s):
    lp = torch.log_softmax(x, -1)
    return -(1 - s) * lp.gather(1, t[:, None])[:, 0] - s * lp.mean(-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def smoothed_loss_kernel(x_ptr, out_ptr, N, t_ptr, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=0.0).to(tl.float32)
    t = tl.load(t_ptr + p)
    x = tl.where(m, x, float('-inf'))
    mx = tl.max(x)
    r = tl.log(tl.sum(tl.exp(x - mx))) + mx - tl.sum(tl.where(o == t, x, 0.0))
    tl.store(out_ptr + p, r)


def smoothed_loss_triton_wrapper(x, t, s):
    x, t = x.contiguous(), t.contiguous()
    out = torch.empty(x.shape[0], device=x.device)
    smoothed_loss_kernel[(x.shape[0],)](x, out, x.shape[1], t, BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"), torch.randint(0, 96, (40,), device="cuda"), 0.0,)


# </TEST>
