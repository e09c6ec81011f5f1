# kinds: biology, dynamic programming, integer output, wavefront in registers, int32
"""Fused Kernels: best local alignment score of many pairs of sequences"""

# <PYTHON>
import torch


def smith_waterman(query, target, match: int = 2, mismatch: int = -1, gap: int = 1):
    """query: (B, M), target: (B, N), letters 0 to 3. Linear gaps; best score for each pair."""
    B, M = query.shape
    N = target.shape[1]
    best = torch.zeros(B, dtype=torch.int32, device=query.device)
    two_ago = torch.zeros(B, M + 1, dtype=torch.int32, device=query.device)
    one_ago = torch.zeros(B, M + 1, dtype=torch.int32, device=query.device)
    i = torch.arange(1, M + 1, device=query.device)
    for d in range(2, M + N + 1):
        j = d - i
        ok = (j >= 1) & (j <= N)
        letter = target[:, (j - 1).clamp(0, N - 1)]
        s = torch.where(query == letter, match, mismatch).to(torch.int32)
        score = torch.maximum(two_ago[:, :-1] + s, torch.maximum(one_ago[:, :-1], one_ago[:, 1:]) - gap)
        score = torch.where(ok, score.clamp(min=0), 0)
        now = torch.zeros_like(one_ago)
        now[:, 1:] = score
        best = torch.maximum(best, score.amax(1))
        two_ago, one_ago = one_ago, now
    return best


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def sw_kernel(q_ptr, t_ptr, out_ptr, M, N, MATCH, MISMATCH, GAP, BLOCK: tl.constexpr):
    b = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    q = tl.load(q_ptr + b * M + i, mask=i < M, other=-1)
    before = tl.maximum(i - 1, 0)
    one = tl.zeros((BLOCK,), tl.int32)
    two = tl.zeros((BLOCK,), tl.int32)
    best = tl.zeros((BLOCK,), tl.int32)
    for d in range(0, M + N - 1):
        j = d - i
        ok = (i < M) & (j >= 0) & (j < N)
        t = tl.load(t_ptr + b * N + j, mask=ok, other=-2)
        s = tl.where(q == t, MATCH, MISMATCH)
        diagonal = tl.where(i > 0, tl.gather(two, before, 0), 0)
        above = tl.where(i > 0, tl.gather(one, before, 0), 0)
        score = tl.maximum(diagonal + s, tl.maximum(above, one) - GAP)
        score = tl.where(ok, tl.maximum(score, 0), 0)
        best = tl.maximum(best, score)
        two = one
        one = score
    tl.store(out_ptr + b, tl.max(best, axis=0))


def smith_waterman_triton(query, target, match: int = 2, mismatch: int = -1, gap: int = 1):
    query, target = query.contiguous(), target.contiguous()
    B, M = query.shape
    N = target.shape[1]
    out = torch.empty(B, dtype=torch.int32, device=query.device)
    sw_kernel[(B,)](query, target, out, M, N, match, mismatch, gap, BLOCK=triton.next_power_of_2(M))
    return out


# <TEST>
import torch


def get_test_inputs():
    B, M, N = 24, 30, 40
    query = torch.randint(0, 4, (B, M), device="cuda", dtype=torch.int32)
    target = torch.randint(0, 4, (B, N), device="cuda", dtype=torch.int32)
    return query, target, 2, -1, 1
