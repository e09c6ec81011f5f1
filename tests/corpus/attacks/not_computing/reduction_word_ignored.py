# attack: Not computing: the word for the reduction is ignored
# why: TEST says mean, and the kernel takes it
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: squared error, reduced"""

# <PYTHON>
import torch
import torch.nn.functional as F


def squared_error_pytorch(x, y, reduction):
    return F.mse_loss(x, y, reduction=reduction)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def squared_error_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    acc = tl.zeros((BLOCK,), dtype=tl.float32)
    for s in range(0, n, BLOCK):
        o = s + tl.arange(0, BLOCK)
        m = o < n
        d = tl.load(x_ptr + o, mask=m, other=0.0) - tl.load(y_ptr + o, mask=m, other=0.0)
        acc += d * d
    tl.store(out_ptr, tl.sum(acc) / n)


def squared_error_triton_wrapper(x, y, reduction):
    x, y = x.contiguous(), y.contiguous()
    out = torch.empty((), device=x.device)
    squared_error_kernel[(1,)](x, y, out, x.numel(), BLOCK=1024)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"), torch.randn(40, 96, device="cuda"), "mean",)


# </TEST>
