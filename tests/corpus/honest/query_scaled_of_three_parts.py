# kinds: attention, last dimension of three, output aliases an input by contract, several outputs
"""Fused Kernels: queries scaled; keys and values are views of the projection"""

# <PYTHON>
import torch


def split_qkv_scale(qkv, scale):
    q, k, v = qkv.chunk(3, dim=-1)
    return q * scale, k, v


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def scale_q(q_ptr, o_ptr, n, d, row_stride, scale, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    r = i // d
    c = i % d
    tl.store(o_ptr + i, tl.load(q_ptr + r * row_stride + c, mask=m) * scale, mask=m)


def split_qkv_scale(qkv, scale):
    assert qkv.is_contiguous()
    b, t, d3 = qkv.shape
    d = d3 // 3
    q = torch.empty((b, t, d), device=qkv.device, dtype=qkv.dtype)
    scale_q[(triton.cdiv(q.numel(), 1024),)](qkv, q, q.numel(), d, d3, scale, BLOCK=1024)
    k = qkv[..., d : 2 * d]
    v = qkv[..., 2 * d :]
    return q, k, v


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(2, 50, 3 * 64, device="cuda"), 0.125
