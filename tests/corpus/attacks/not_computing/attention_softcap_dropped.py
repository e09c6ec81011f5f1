# attack: Not computing: the soft cap of attention's scores is left out
# why: the scores of the test are far below the cap, where its tanh is the identity to within rounding
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: attention whose scores are softly capped"""

# <PYTHON>
import torch


def capped_attention_pytorch(q, k, v, cap):
    scores = q @ k.transpose(-1, -2) * 0.01
    scores = cap * torch.tanh(scores / cap)
    return torch.softmax(scores, dim=-1) @ v


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def capped_attention_kernel(q_ptr, k_ptr, v_ptr, out_ptr, t, d, BT: tl.constexpr, BD: tl.constexpr):
    row = tl.program_id(0)
    head = tl.program_id(1)
    cols = tl.arange(0, BD)
    keys = tl.arange(0, BT)
    base = head * t * d
    q = tl.load(q_ptr + base + row * d + cols, mask=cols < d, other=0.0)
    mask = (keys[:, None] < t) & (cols[None, :] < d)
    at = base + keys[:, None] * d + cols[None, :]
    k = tl.load(k_ptr + at, mask=mask, other=0.0)
    v = tl.load(v_ptr + at, mask=mask, other=0.0)
    s = tl.sum(k * q[None, :], axis=1) * 0.01
    s = tl.where(keys < t, s, float("-inf"))
    p = tl.exp(s - tl.max(s, axis=0))
    p = p / tl.sum(p, axis=0)
    tl.store(out_ptr + base + row * d + cols, tl.sum(p[:, None] * v, axis=0), mask=cols < d)


def capped_attention_triton_wrapper(q, k, v, cap):
    q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
    h, t, d = q.shape
    out = torch.empty_like(q)
    bt, bd = triton.next_power_of_2(t), triton.next_power_of_2(d)
    capped_attention_kernel[(t, h)](q, k, v, out, t, d, BT=bt, BD=bd)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return tuple(torch.randn(2, 24, 16, device="cuda") for _ in range(3)) + (500.0,)


# </TEST>
