# attack: Not computing: TEST expands one row, and the kernel computes that alone
# why: all rows are right, for all are the same
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: softmax over rows"""

# <PYTHON>
import torch
import torch.nn.functional as F


def g_pytorch(x):
    return torch.softmax(x, -1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def g_kernel(x_ptr, out_ptr, M, N, BLOCK: tl.constexpr):
    o = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < N, other=-float("inf"))
    e = tl.exp(x - tl.max(x, 0))
    y = e / tl.sum(e, 0)
    for r in range(M):
        tl.store(out_ptr + r * N + o, y, mask=o < N)


def g_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    g_kernel[(1,)](x, out, x.shape[0], x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(1, 80, device="cuda").expand(64, 80),)


# </TEST>
