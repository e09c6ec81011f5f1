# kinds: softmax, segments, graph, atomics, two kernels, several launches, workspace
"""Fused Kernels: softmax over segments of a flat tensor (graph attention)"""

# <PYTHON>
import torch


def segment_softmax(scores, segment, num_segments):
    top = torch.full((num_segments,), float("-inf"), device=scores.device, dtype=scores.dtype)
    top = top.scatter_reduce(0, segment, scores, reduce="amax")
    e = torch.exp(scores - top[segment])
    den = torch.zeros(num_segments, device=scores.device, dtype=scores.dtype).index_add(0, segment, e)
    return e / den[segment]


# </PYTHON>
# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def seg_max(s_ptr, g_ptr, top_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    s = tl.load(s_ptr + i, mask=m)
    g = tl.load(g_ptr + i, mask=m, other=0)
    tl.atomic_max(top_ptr + g, s, mask=m)


@triton.jit
def seg_sum(s_ptr, g_ptr, top_ptr, den_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    g = tl.load(g_ptr + i, mask=m, other=0)
    e = tl.exp(tl.load(s_ptr + i, mask=m, other=0.0) - tl.load(top_ptr + g, mask=m, other=0.0))
    tl.atomic_add(den_ptr + g, e, mask=m)


@triton.jit
def seg_norm(s_ptr, g_ptr, top_ptr, den_ptr, o_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    g = tl.load(g_ptr + i, mask=m, other=0)
    e = tl.exp(tl.load(s_ptr + i, mask=m, other=0.0) - tl.load(top_ptr + g, mask=m, other=0.0))
    tl.store(o_ptr + i, e / tl.load(den_ptr + g, mask=m, other=1.0), mask=m)


def segment_softmax(scores, segment, num_segments):
    n = scores.numel()
    top = torch.full((num_segments,), float("-inf"), device=scores.device, dtype=torch.float32)
    den = torch.zeros((num_segments,), device=scores.device, dtype=torch.float32)
    out = torch.empty_like(scores)
    grid = (triton.cdiv(n, 256),)
    seg_max[grid](scores, segment, top, n, BLOCK=256)
    seg_sum[grid](scores, segment, top, den, n, BLOCK=256)
    seg_norm[grid](scores, segment, top, den, out, n, BLOCK=256)
    return out


# </TRITON>
# <TEST>
import torch


def get_test_inputs():
    return torch.randn(2000, device="cuda"), torch.randint(0, 150, (2000,), device="cuda"), 150


# </TEST>
