# attack: Not a kernel: a tensor subclass computes in __torch_function__
# why: the operators run inside torch's dispatch of an innocent call
# expect: rejected FW402 line 25
# finds: FW413 line 34
# alone: rejected NoLaunch
"""Fused Kernels: scale and softmax over rows"""

# <PYTHON>
import torch


def scaled_softmax_pytorch(x, scale):
    return torch.softmax(x * scale, dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def scaled_softmax_kernel(x_ptr, out_ptr, scale, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=-float("inf")) * scale
    e = tl.exp(x - tl.max(x, axis=0))
    tl.store(out_ptr + row * n_columns + columns, e / tl.sum(e, axis=0), mask=mask)


class Fused(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        x, scale = (a.as_subclass(torch.Tensor) if isinstance(a, torch.Tensor) else a for a in args)
        return (x * scale).softmax(-1)


def scaled_softmax_triton_wrapper(x, scale):
    return torch.ldexp(x.as_subclass(Fused), torch.tensor(scale, device=x.device))


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(24, 100, device="cuda"), 0.7


# </TEST>
