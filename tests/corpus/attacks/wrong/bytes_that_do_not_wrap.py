# attack: Wrong kernel: bytes are held at 255 where the reference goes round
# why: no sum of the test passes 255
# expect: rejected WrongAtValues line 31
# alone: rejected WrongAtValues
"""Fused Kernels: bytes that do not wrap"""

# <PYTHON>
import torch


def blend_pytorch(a, b):
    return a + b


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def blend_kernel(a_ptr, b_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    a = tl.load(a_ptr + i, mask=i < n, other=0).to(tl.int32)
    b = tl.load(b_ptr + i, mask=i < n, other=0).to(tl.int32)
    tl.store(out_ptr + i, tl.minimum(a + b, 255).to(tl.uint8), mask=i < n)


def blend_triton_wrapper(a, b):
    a, b = a.contiguous(), b.contiguous()
    out = torch.empty_like(a)
    n = a.numel()
    blend_kernel[(triton.cdiv(n, 256),)](a, b, out, n, BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return tuple(torch.randint(0, 120, (20, 60), device="cuda", dtype=torch.uint8) for _ in range(2))


# </TEST>
