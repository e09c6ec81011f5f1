# Fused row softmax of a scaled, masked matrix.

# <PYTHON>
import torch

def fused(x, mask):
    """Scale, mask and softmax."""
    x = x * 0.125
    x = x.masked_fill(mask, float("-inf"))
    return torch.softmax(x, dim=-1)

# <TRITON>
import torch
import triton
import triton.language as tl

@triton.jit
def _kernel(x_ptr, mask_ptr, out_ptr, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    inside = at < columns
    x = tl.load(x_ptr + row * columns + at, mask=inside, other=-float("inf")) * 0.125
    hidden = tl.load(mask_ptr + row * columns + at, mask=inside, other=1)
    x = tl.where(hidden != 0, -float("inf"), x)
    x = tl.exp(x - tl.max(x, axis=0))
    tl.store(out_ptr + row * columns + at, x / tl.sum(x, axis=0), mask=inside)

def fused(x, mask):
    x, mask = x.contiguous(), mask.contiguous()
    out = torch.empty_like(x)
    _kernel[(x.shape[0],)](x, mask, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out

# <TEST>
import torch

def get_test_inputs():
    x = torch.randn(1024, 1000, device="cuda")
    mask = (torch.rand(1024, 1000) < 0.1).cuda()
    return (x, mask)
