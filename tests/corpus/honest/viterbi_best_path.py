# kinds: dynamic programming, integer output, several outputs, recurrence, float32
"""Fused Kernels: Viterbi decoding: the best path and its score"""

# <PYTHON>
import torch


def viterbi_torch(emissions, transitions, start):
    # emissions [B, T, S]
    B, T, S = emissions.shape
    score = start + emissions[:, 0]
    back = []
    for t in range(1, T):
        total = score.unsqueeze(2) + transitions.unsqueeze(0)
        score, idx = total.max(dim=1)
        score = score + emissions[:, t]
        back.append(idx)
    best, tag = score.max(dim=1)
    path = [tag]
    for idx in reversed(back):
        tag = idx.gather(1, tag.unsqueeze(1)).squeeze(1)
        path.append(tag)
    return best, torch.stack(path[::-1], dim=1)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def viterbi_kernel(e_ptr, tr_ptr, st_ptr, back_ptr, best_ptr, path_ptr, T, S, BS: tl.constexpr):
    b = tl.program_id(0)
    s = tl.arange(0, BS)
    m = s < S
    tr = tl.load(tr_ptr + s[:, None] * S + s[None, :], mask=m[:, None] & m[None, :], other=float("-inf"))
    score = tl.load(st_ptr + s, mask=m, other=float("-inf")) + tl.load(
        e_ptr + b * T * S + s, mask=m, other=0.0
    )
    for t in range(1, T):
        total = score[:, None] + tr
        best, idx = tl.max(total, axis=0, return_indices=True)
        tl.store(back_ptr + (b * T + t) * S + s, idx, mask=m)
        score = best + tl.load(e_ptr + (b * T + t) * S + s, mask=m, other=0.0)
        score = tl.where(m, score, float("-inf"))
    top, tag = tl.max(score, axis=0, return_indices=True)
    tl.store(best_ptr + b, top)
    tl.store(path_ptr + b * T + T - 1, tag.to(tl.int64))
    # The back pointers were written by other lanes of this program.
    tl.debug_barrier()
    for i in range(1, T):
        t = T - i
        tag = tl.load(back_ptr + (b * T + t) * S + tag)
        tl.store(path_ptr + b * T + t - 1, tag.to(tl.int64))


def viterbi_triton(emissions, transitions, start):
    B, T, S = emissions.shape
    emissions, transitions, start = emissions.contiguous(), transitions.contiguous(), start.contiguous()
    back = torch.empty((B, T, S), dtype=torch.int32, device=emissions.device)
    best = torch.empty(B, dtype=emissions.dtype, device=emissions.device)
    path = torch.empty((B, T), dtype=torch.int64, device=emissions.device)
    viterbi_kernel[(B,)](emissions, transitions, start, back, best, path, T, S, BS=triton.next_power_of_2(S))
    return best, path


# <TEST>
import torch


def get_test_inputs():
    B, T, S = 8, 20, 12
    return (
        torch.randn(B, T, S, device="cuda"),
        torch.randn(S, S, device="cuda"),
        torch.randn(S, device="cuda"),
    )
