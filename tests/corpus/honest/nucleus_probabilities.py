# kinds: softmax, sort, sampling
"""Fused Kernels: the probabilities of the nucleus, by the mass of what is larger"""

# <PYTHON>
import torch


def top_p_probs(logits, top_p: float):
    probs = torch.softmax(logits.float(), dim=-1)
    ordered, order = probs.sort(dim=-1, descending=True)
    before = ordered.cumsum(-1) - ordered
    kept = torch.where(before < top_p, ordered, torch.zeros_like(ordered))
    result = torch.zeros_like(probs).scatter(-1, order, kept)
    return result / result.sum(-1, keepdim=True)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def top_p_kernel(x_ptr, out_ptr, n, p, BLOCK: tl.constexpr, CHUNK: tl.constexpr):
    row = tl.program_id(0)
    cols = tl.arange(0, BLOCK)
    mask = cols < n
    x = tl.load(x_ptr + row * n + cols, mask=mask, other=float("-inf")).to(tl.float32)
    e = tl.exp(x - tl.max(x, axis=0))
    probs = e / tl.sum(e, axis=0)
    # mass of what is strictly larger than each element
    for start in range(0, n, CHUNK):
        mine = start + tl.arange(0, CHUNK)
        y = tl.load(x_ptr + row * n + mine, mask=mine < n, other=float("-inf")).to(tl.float32)
        larger = (x[None, :] > y[:, None]) | ((x[None, :] == y[:, None]) & (cols[None, :] < mine[:, None]))
        mass = tl.sum(tl.where(larger, probs[None, :], 0.0), axis=1)
        prob = tl.exp(y - tl.max(x, axis=0)) / tl.sum(e, axis=0)
        kept = tl.where(mass < p, prob, 0.0)
        tl.store(out_ptr + row * n + mine, kept, mask=mine < n)


@triton.jit
def renorm_kernel(x_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    cols = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + cols, mask=cols < n, other=0.0)
    tl.store(x_ptr + row * n + cols, x / tl.sum(x, axis=0), mask=cols < n)


def top_p_probs_triton(logits, top_p: float):
    logits = logits.contiguous()
    rows, n = logits.shape
    out = torch.empty((rows, n), device=logits.device, dtype=torch.float32)
    BLOCK = triton.next_power_of_2(n)
    top_p_kernel[(rows,)](logits, out, n, top_p, BLOCK=BLOCK, CHUNK=32)
    renorm_kernel[(rows,)](out, n, BLOCK=BLOCK)
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(6, 120, device="cuda", dtype=torch.float32) * 2, 0.9
