# attack: Wrong kernel: whole numbers are computed in float32
# why: below 2**24 float32 holds them all
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: whole numbers, three times one and another"""

# <PYTHON>
import torch


def thrice_pytorch(x, y):
    return x * 3 + y


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def thrice_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0).to(tl.float32)
    y = tl.load(y_ptr + o, mask=o < n, other=0).to(tl.float32)
    tl.store(out_ptr + o, (x * 3 + y).to(tl.int32), mask=o < n)


def thrice_triton_wrapper(x, y):
    x, y = x.contiguous(), y.contiguous()
    out = torch.empty_like(x)
    n = x.numel()
    thrice_kernel[(triton.cdiv(n, 256),)](x, y, out, n, BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randint(0, 100, (1000,), device="cuda", dtype=torch.int32), torch.randint(0, 100, (1000,), device="cuda", dtype=torch.int32)


# </TEST>
