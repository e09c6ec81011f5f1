# attack: Unsound task: a product of which the diagonal is taken
# why: each element of the product is computed by an ordinary operator
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: scalar products of rows"""

# <PYTHON>
import torch


def row_dots_pytorch(a, b):
    return torch.diagonal(a @ b.T)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def row_dots_kernel(q_ptr, k_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    r = tl.load(q_ptr + p * N + o, mask=m, other=0.0) * tl.load(k_ptr + p * N + o, mask=m, other=0.0)
    tl.store(out_ptr + p, tl.sum(r))


def row_dots_triton_wrapper(q, k):
    q, k = q.contiguous(), k.contiguous()
    out = torch.empty(q.shape[0], device=q.device)
    row_dots_kernel[(out.numel(),)](q, k, out, q.shape[-1], BLOCK=triton.next_power_of_2(q.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(64, 40, device="cuda"), torch.randn(64, 40, device="cuda"),)


# </TEST>
