# kinds: speech, dynamic programming, log-sum-exp, lengths, gather in registers, int32 indices, float32
"""Fused Kernels: the CTC loss of each sequence by its forward scores"""

# <PYTHON>
import torch
import torch.nn.functional as F


def ctc_losses(log_probs, targets, input_lengths, target_lengths):
    """log_probs: (T, B, V); targets: (B, S), 1 to V - 1."""
    return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction="none")


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def ctc_kernel(lp_ptr, t_ptr, il_ptr, tl_ptr, out_ptr, B, V, S, BLOCK: tl.constexpr):
    b = tl.program_id(0)
    T_b = tl.load(il_ptr + b)
    S_b = tl.load(tl_ptr + b)
    i = tl.arange(0, BLOCK)
    L = 2 * S_b + 1
    live = i < L
    odd = (i % 2) == 1
    label = tl.load(t_ptr + b * S + i // 2, mask=live & odd, other=0)
    older = tl.load(t_ptr + b * S + i // 2 - 1, mask=live & odd & (i >= 3), other=-1)
    skip = odd & (i >= 3) & (label != older)
    NEG: tl.constexpr = -1e30
    lp = tl.load(lp_ptr + b * V + label, mask=live, other=NEG)
    alpha = tl.where(live & (i < 2), lp, NEG)
    one = tl.maximum(i - 1, 0)
    two = tl.maximum(i - 2, 0)
    for t in range(1, T_b):
        a1 = tl.where(i >= 1, tl.gather(alpha, one, 0), NEG)
        a2 = tl.where(skip, tl.gather(alpha, two, 0), NEG)
        m = tl.maximum(alpha, tl.maximum(a1, a2))
        s = tl.exp(alpha - m) + tl.exp(a1 - m) + tl.exp(a2 - m)
        lp = tl.load(lp_ptr + (t * B + b) * V + label, mask=live, other=NEG)
        alpha = tl.where(live, m + tl.log(s) + lp, NEG)
        alpha = tl.maximum(alpha, NEG)
    last = tl.max(tl.where(i == L - 1, alpha, NEG), axis=0)
    before = tl.max(tl.where(i == L - 2, alpha, NEG), axis=0)
    m = tl.maximum(last, before)
    loss = -(m + tl.log(tl.exp(last - m) + tl.exp(before - m)))
    tl.store(out_ptr + b, tl.where(loss > 1e29, float("inf"), loss))


def ctc_losses_triton(log_probs, targets, input_lengths, target_lengths):
    log_probs, targets = log_probs.contiguous(), targets.contiguous()
    input_lengths, target_lengths = input_lengths.contiguous(), target_lengths.contiguous()
    T, B, V = log_probs.shape
    S = targets.shape[1]
    out = torch.empty(B, device=log_probs.device, dtype=log_probs.dtype)
    ctc_kernel[(B,)](
        log_probs,
        targets,
        input_lengths,
        target_lengths,
        out,
        B,
        V,
        S,
        BLOCK=triton.next_power_of_2(2 * S + 1),
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    T, B, V, S = 40, 6, 20, 12
    log_probs = torch.randn(T, B, V, device="cuda").log_softmax(-1)
    targets = torch.randint(1, V, (B, S), device="cuda")
    input_lengths = torch.full((B,), T, device="cuda")
    target_lengths = torch.randint(4, S + 1, (B,), device="cuda")
    return log_probs, targets, input_lengths, target_lengths
