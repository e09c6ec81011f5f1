"""Fused Kernels: square and sum of rows"""
# <PYTHON>
import torch

def fused(x, weight):
    return (x * x * weight).sum(dim=-1)
# </PYTHON>
# <TRITON>
import torch, triton
import triton.language as tl

@triton.jit
def _forward(x_ptr, weight_ptr, out_ptr, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    inside = at < columns
    x = tl.load(x_ptr + row * columns + at, mask=inside, other=0.0)
    weight = tl.load(weight_ptr + at, mask=inside, other=0.0)
    tl.store(out_ptr + row, tl.sum(x * x * weight, axis=0))

class Op(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        x = x.contiguous()
        out = torch.empty(x.shape[0], device=x.device, dtype=x.dtype)
        _forward[(x.shape[0],)](x, weight, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
        ctx.save_for_backward(x, weight)
        return out

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        return 2 * grad[:, None] * x * weight, None

fused = Op.apply
# </TRITON>
# <TEST>
import torch
def get_test_inputs():
    return torch.randn(64, 128, device="cuda").requires_grad_(), torch.rand(128, device="cuda")
# </TEST>
