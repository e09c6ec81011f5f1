# attack: Wrong kernel: the highest bit of a number is not counted
# why: the test's numbers are not negative
# expect: rejected WrongAtValues line 36
# alone: rejected WrongAtValues
"""Fused Kernels: bit of the sign"""

# <PYTHON>
import torch


def bits_pytorch(x):
    total = torch.zeros_like(x)
    for bit in range(32):
        total = total + ((x >> bit) & 1)
    return total


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def bits_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n, other=0)
    total = tl.zeros((BLOCK,), dtype=tl.int32)
    for bit in range(31):
        total += (x >> bit) & 1
    tl.store(out_ptr + i, total, mask=i < n)


def bits_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    n = x.numel()
    bits_kernel[(triton.cdiv(n, 256),)](x, out, n, BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randint(0, 2**31 - 1, (20, 50), device="cuda", dtype=torch.int32),)


# </TEST>
