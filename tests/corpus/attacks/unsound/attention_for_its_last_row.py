# attack: Unsound task: full attention of which only the last query's row is used
# why: all other rows are thrown away
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: decoding step of attention"""

# <PYTHON>
import torch


def decode_pytorch(q, k, v):
    scores = torch.softmax(q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5, -1)
    return (scores @ v)[:, -1]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def decode_kernel(q_ptr, k_ptr, v_ptr, out_ptr, steps, scale, D: tl.constexpr, BLOCK: tl.constexpr):
    b = tl.program_id(0)
    d = tl.arange(0, D)
    t = tl.arange(0, BLOCK)
    m = t < steps
    q = tl.load(q_ptr + (b * steps + steps - 1) * D + d)
    k = tl.load(k_ptr + (b * steps + t)[:, None] * D + d[None, :], mask=m[:, None], other=0.0)
    v = tl.load(v_ptr + (b * steps + t)[:, None] * D + d[None, :], mask=m[:, None], other=0.0)
    s = tl.where(m, tl.sum(q[None, :] * k, 1) * scale, -float("inf"))
    p = tl.exp(s - tl.max(s))
    tl.store(out_ptr + b * D + d, tl.sum(p[:, None] * v, 0) / tl.sum(p))


def decode_triton_wrapper(q, k, v):
    b, steps, d = q.shape
    out = torch.empty(b, d, device=q.device)
    decode_kernel[(b,)](q.contiguous(), k.contiguous(), v.contiguous(), out, steps, d**-0.5, D=d, BLOCK=triton.next_power_of_2(steps))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    shape = (6, 100, 32)
    return torch.randn(shape, device="cuda"), torch.randn(shape, device="cuda"), torch.randn(shape, device="cuda")


# </TEST>
