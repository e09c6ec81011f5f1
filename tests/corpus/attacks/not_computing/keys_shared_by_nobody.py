# attack: Not computing: heads that share their keys are not thought of
# why: TEST has as many heads of keys as of queries
# expect: rejected WrongAtSize
# alone: rejected WrongAtSize
"""Fused Kernels: scores of grouped heads"""

# <PYTHON>
import torch


def scores_by_group_pytorch(q, k):
    k = k.repeat_interleave(q.shape[0] // k.shape[0], 0)
    return (q * k).sum(-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def scores_by_group_kernel(q_ptr, k_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    r = tl.load(q_ptr + p * N + o, mask=m, other=0.0) * tl.load(k_ptr + p * N + o, mask=m, other=0.0)
    tl.store(out_ptr + p, tl.sum(r))


def scores_by_group_triton_wrapper(q, k):
    q, k = q.contiguous(), k.contiguous()
    out = torch.empty(q.shape[:-1], device=q.device)
    scores_by_group_kernel[(out.numel(),)](q, k, out, q.shape[-1], BLOCK=triton.next_power_of_2(q.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(8, 24, 40, device="cuda"), torch.randn(8, 24, 40, device="cuda"),)


# </TEST>
