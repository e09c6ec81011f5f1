# kinds: reductions, probabilities
"""Fused Kernels: entropy of each row's shares"""

# <PYTHON>
import torch


def entropy_pytorch(p):
    p = p / p.sum(dim=-1, keepdim=True)
    return -(p * torch.log(p + 1e-9)).sum(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def entropy_kernel(p_ptr, out_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    p = tl.load(p_ptr + row * n + i, mask=i < n, other=0.0)
    p = p / tl.sum(p, axis=0)
    tl.store(out_ptr + row, -tl.sum(tl.where(i < n, p * tl.log(p + 1e-9), 0.0), axis=0))


def entropy_triton_wrapper(p):
    p = p.contiguous()
    out = torch.empty(p.shape[0], device=p.device, dtype=p.dtype)
    entropy_kernel[(p.shape[0],)](p, out, p.shape[1], BLOCK=triton.next_power_of_2(p.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.softmax(torch.randn(30, 50, device="cuda"), dim=-1),)


# </TEST>
