# attack: Not a kernel: the kernel when somebody watches, torch otherwise
# why: a check looks with a mode entered; the timed calls have none
# expect: rejected FW413 line 41
# alone: rejected CachedOutput
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
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


@triton.jit
def scaled_softmax_kernel(x_ptr, out_ptr, scale, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=-float("inf")) * scale
    e = tl.exp(x - tl.max(x, axis=0))
    tl.store(out_ptr + row * n_columns + columns, e / tl.sum(e, axis=0), mask=mask)


def scaled_softmax_triton_wrapper(x, scale):
    if torch._C._len_torch_dispatch_stack():
        out = torch.empty_like(x)
        scaled_softmax_kernel[(x.shape[0],)](x, out, scale, x.shape[1], BLOCK=128)
        return out
    hidden = torch.softmax(x * scale, -1)
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](hidden, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(24, 100, device="cuda"), 0.7


# </TEST>
