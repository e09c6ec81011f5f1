# attack: Unsound task: all elements are brought into order for the first
# why: the number asked for is the row's own length
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: maxima of rows"""

# <PYTHON>
import torch


def row_first_pytorch(x):
    return torch.topk(x, x.shape[-1], dim=-1).values[:, 0]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def row_first_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=float('-inf')).to(tl.float32)
    r = tl.max(x)
    tl.store(out_ptr + p, r)


def row_first_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty(x.shape[:-1], device=x.device, dtype=x.dtype)
    row_first_kernel[(x.numel() // x.shape[-1],)](x, out, x.shape[-1], BLOCK=triton.next_power_of_2(x.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"),)


# </TEST>
