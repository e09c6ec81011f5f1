# attack: Wrong kernel: an additive mask is read as a flag
# why: TEST has zero and minus infinity alone
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: masked softmax"""

# <PYTHON>
import torch


def masked_softmax_pytorch(scores, mask):
    return torch.softmax(scores + mask, dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def masked_kernel(s_ptr, m_ptr, out_ptr, rows, cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    ok = c < cols
    s = tl.load(s_ptr + row * cols + c, mask=ok, other=-float("inf"))
    flag = tl.load(m_ptr + (row % rows) * cols + c, mask=ok, other=0.0)
    s = tl.where(flag < -1.0, -float("inf"), s)
    e = tl.exp(s - tl.max(s))
    tl.store(out_ptr + row * cols + c, e / tl.sum(e), mask=ok)


def masked_softmax_triton_wrapper(scores, mask):
    scores, mask = scores.contiguous(), mask.contiguous()
    out = torch.empty_like(scores)
    rows, cols = mask.shape
    masked_kernel[(scores.numel() // cols,)](scores, mask, out, rows, cols, BLOCK=triton.next_power_of_2(cols))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    n = 60
    mask = torch.zeros(n, n, device="cuda").masked_fill(torch.ones(n, n, device="cuda").triu(1) > 0, float("-inf"))
    return torch.randn(3, n, n, device="cuda"), mask


# </TEST>
