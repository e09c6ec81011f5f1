# attack: Not computing: how many heads share their keys is written into the kernel
# why: TEST has four for each
# expect: rejected WrongAtSize
# alone: rejected WrongAtSize
"""Fused Kernels: scores of grouped heads"""

# <PYTHON>
import torch


def scores_by_four_pytorch(q, k):
    k = k.repeat_interleave(q.shape[0] // k.shape[0], 0)
    return (q * k).sum(-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def scores_by_four_kernel(q_ptr, k_ptr, out_ptr, S, N, BLOCK: tl.constexpr):
    h = tl.program_id(0)
    s = tl.program_id(1)
    o = tl.arange(0, BLOCK)
    m = o < N
    r = tl.load(q_ptr + (h * S + s) * N + o, mask=m, other=0.0) * tl.load(k_ptr + (h // 4 * S + s) * N + o, mask=m, other=0.0)
    tl.store(out_ptr + h * S + s, tl.sum(r))


def scores_by_four_triton_wrapper(q, k):
    q, k = q.contiguous(), k.contiguous()
    out = torch.empty(q.shape[:-1], device=q.device)
    scores_by_four_kernel[(q.shape[0], q.shape[1])](q, k, out, q.shape[1], q.shape[2], BLOCK=triton.next_power_of_2(q.shape[2]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(8, 24, 40, device="cuda"), torch.randn(2, 24, 40, device="cuda"),)


# </TEST>
