# attack: Not computing: targets that count for nothing are counted
# why: TEST draws none of them
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: cross-entropy that leaves out a class"""

# <PYTHON>
import torch
import torch.nn.functional as F


def class_loss_pytorch(x, t):
    return F.cross_entropy(x, t, ignore_index=0)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def class_loss_kernel(x_ptr, out_ptr, N, t_ptr, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=0.0).to(tl.float32)
    t = tl.load(t_ptr + p)
    x = tl.where(m, x, float('-inf'))
    mx = tl.max(x)
    r = tl.log(tl.sum(tl.exp(x - mx))) + mx - tl.sum(tl.where(o == t, x, 0.0))
    r = r / tl.num_programs(0)
    tl.atomic_add(out_ptr, r)


def class_loss_triton_wrapper(x, t):
    x, t = x.contiguous(), t.contiguous()
    out = torch.zeros((), device=x.device)
    class_loss_kernel[(x.shape[0],)](x, out, x.shape[1], t, BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"), torch.randint(1, 96, (40,), device="cuda"),)


# </TEST>
