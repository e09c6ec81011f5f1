# attack: Not a kernel: scaled_dot_product_attention through torch._C._nn
# why: torch's own kernels are right and fast, and the script never asks what ran
# expect: rejected FW402 line 25
# finds: FW401 line 39
# alone: rejected NoLaunch
"""Fused Kernels: attention over one head"""

# <PYTHON>
import torch


def attention_pytorch(q, k, v):
    return torch.softmax(q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5, dim=-1) @ v


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def attention_kernel(q_ptr, k_ptr, v_ptr, out_ptr, n, d: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    keys = tl.arange(0, BLOCK)
    inner = tl.arange(0, d)
    mask = keys[:, None] < n
    q = tl.load(q_ptr + row * d + inner)
    k = tl.load(k_ptr + keys[:, None] * d + inner, mask=mask, other=0.0)
    scores = tl.where(keys < n, tl.sum(k * q, axis=1) / d**0.5, -float("inf"))
    p = tl.exp(scores - tl.max(scores, axis=0))
    v = tl.load(v_ptr + keys[:, None] * d + inner, mask=mask, other=0.0)
    tl.store(out_ptr + row * d + inner, tl.sum(p[:, None] * v, axis=0) / tl.sum(p, axis=0))


def attention_triton_wrapper(q, k, v):
    return torch._C._nn.scaled_dot_product_attention(q[None], k[None], v[None])[0]


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return tuple(torch.randn(30, 16, device="cuda") for _ in range(3))


# </TEST>
