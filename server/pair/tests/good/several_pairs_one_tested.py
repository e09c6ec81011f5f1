"""Fused Kernels: exponential and sum, over helpers that are pairs themselves"""

# <PYTHON>
import torch


def exp_torch(x):
    return torch.exp(x)


def sum_torch(x):
    return x.sum(-1)


def exp_sum_torch(x):
    return sum_torch(exp_torch(x))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def exp_sum_kernel(x_ptr, out_ptr, columns, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + tl.program_id(0) * columns + at, mask=at < columns, other=-float("inf"))
    tl.store(out_ptr + tl.program_id(0), tl.sum(tl.exp(x), axis=0))


def exp_triton(x):
    return x.exp()


def exp_sum_triton(x):
    x = x.contiguous()
    out = torch.empty(x.shape[0], device=x.device)
    if x.numel() == 0:
        return exp_triton(x).sum(-1)
    exp_sum_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    shapes = [(64, 100)]
    tensors = [torch.randn(shape, device="cuda") for shape in shapes]
    return tuple(tensors)


# </TEST>
