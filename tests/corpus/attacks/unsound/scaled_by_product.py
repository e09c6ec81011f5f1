# attack: Unsound task: rows are scaled by a product with a diagonal matrix
# why: nothing in the product is left out
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: rows scaled"""

# <PYTHON>
import torch


def row_scale_pytorch(w, x):
    return torch.diag(w) @ x


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def row_scale_kernel(w_ptr, x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    tl.store(out_ptr + p * N + o, tl.load(x_ptr + p * N + o, mask=m) * tl.load(w_ptr + p), mask=m)


def row_scale_triton_wrapper(w, x):
    w, x = w.contiguous(), x.contiguous()
    out = torch.empty_like(x)
    row_scale_kernel[(x.shape[0],)](w, x, out, x.shape[-1], BLOCK=triton.next_power_of_2(x.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(64, device="cuda"), torch.randn(64, 40, device="cuda"),)


# </TEST>
