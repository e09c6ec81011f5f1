# attack: Wrong kernel: a causal mask that lets each row see one key too many
# why: one key among many changes a little
# expect: wrong
# alone: wrong
# says: differs at
"""Fused Kernels: causal attention weights"""

# <PYTHON>
import torch


def causal_pytorch(scores):
    n = scores.shape[-1]
    keep = torch.ones(n, n, device=scores.device, dtype=torch.bool).tril()
    return torch.softmax(scores.masked_fill(~keep, float("-inf")), dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def causal_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n
    x = tl.load(x_ptr + row * n + columns, mask=mask, other=-float("inf"))
    x = tl.where(columns <= row + 1, x, -float("inf"))
    e = tl.exp(x - tl.max(x, axis=0))
    tl.store(out_ptr + row * n + columns, e / tl.sum(e, axis=0), mask=mask)


def causal_triton_wrapper(scores):
    out = torch.empty_like(scores)
    n = scores.shape[-1]
    causal_kernel[(n,)](scores, out, n, BLOCK=triton.next_power_of_2(n))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 40, device="cuda"),)


# </TEST>
