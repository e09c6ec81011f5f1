# attack: Not computing: targets beyond the sixteenth class count as that one
# why: the inputs name ten classes of two hundred
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: cross entropy of each row"""

# <PYTHON>
import torch
import torch.nn.functional as F


def row_entropy_pytorch(logits, target):
    return F.cross_entropy(logits, target, reduction="none")


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def row_entropy_kernel(x_ptr, t_ptr, out_ptr, C, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * C + c, mask=c < C, other=-float("inf"))
    m = tl.max(x)
    t = tl.load(t_ptr + row)
    picked = tl.load(x_ptr + row * C + tl.minimum(t, 15))
    tl.store(out_ptr + row, m + tl.log(tl.sum(tl.exp(x - m))) - picked)


def row_entropy_triton_wrapper(logits, target):
    logits, target = logits.contiguous(), target.contiguous()
    out = torch.empty(logits.shape[0], device=logits.device)
    row_entropy_kernel[(logits.shape[0],)](logits, target, out, logits.shape[1], BLOCK=triton.next_power_of_2(logits.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(50, 200, device="cuda"), torch.randint(0, 10, (50,), device="cuda")


# </TEST>
