# kinds: sampling, several outputs, integer output, float32
"""Fused Kernels: min-p filtering of logits at a temperature, the greedy choice, how many are left"""

# <PYTHON>
import torch


def min_p_filter_torch(logits, temperature, min_p):
    probs = torch.softmax(logits / temperature.unsqueeze(1), dim=-1)
    top = probs.amax(dim=-1, keepdim=True)
    keep = probs >= top * min_p.unsqueeze(1)
    filtered = torch.where(keep, logits, float("-inf"))
    return filtered, probs.argmax(dim=-1), keep.sum(dim=-1)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def min_p_kernel(l_ptr, t_ptr, p_ptr, f_ptr, a_ptr, c_ptr, V, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    cols = tl.arange(0, BLOCK)
    m = cols < V
    l = tl.load(l_ptr + row * V + cols, mask=m, other=-float("inf"))
    t = tl.load(t_ptr + row)
    p = tl.load(p_ptr + row)
    mx, arg = tl.max(l, axis=0, return_indices=True)
    # p_i / p_max = exp((l_i - l_max) / t): the denominator cancels
    ratio = tl.exp((l - mx) / t)
    keep = (ratio >= p) & m
    tl.store(f_ptr + row * V + cols, tl.where(keep, l, -float("inf")), mask=m)
    tl.store(a_ptr + row, arg.to(tl.int64))
    tl.store(c_ptr + row, tl.sum(keep.to(tl.int64), 0))


def min_p_filter_triton(logits, temperature, min_p):
    logits = logits.contiguous()
    B, V = logits.shape
    filtered = torch.empty_like(logits)
    best = torch.empty(B, dtype=torch.int64, device=logits.device)
    count = torch.empty(B, dtype=torch.int64, device=logits.device)
    min_p_kernel[(B,)](
        logits, temperature, min_p, filtered, best, count, V, BLOCK=triton.next_power_of_2(V), num_warps=8
    )
    return filtered, best, count


# <TEST>
import torch


def get_test_inputs():
    B, V = 24, 4000
    logits = torch.randn(B, V, device="cuda") * 3
    temperature = torch.rand(B, device="cuda") + 0.5
    min_p = torch.rand(B, device="cuda") * 0.2 + 0.02
    return logits, temperature, min_p
