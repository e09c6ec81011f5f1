# attack: Wrong kernel: keys of 64 bits are cut to 32
# why: no key of the test needs more
# expect: rejected WrongAtValues line 31
# alone: rejected WrongAtValues
"""Fused Kernels: keys cut to 32 bits"""

# <PYTHON>
import torch


def bucket_pytorch(keys, buckets):
    return torch.remainder(keys, buckets)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def bucket_kernel(k_ptr, out_ptr, buckets, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    k = tl.load(k_ptr + i, mask=i < n, other=0).to(tl.int32)
    r = k % buckets
    tl.store(out_ptr + i, tl.where(r < 0, r + buckets, r).to(tl.int64), mask=i < n)


def bucket_triton_wrapper(keys, buckets):
    keys = keys.contiguous()
    out = torch.empty_like(keys)
    n = keys.numel()
    bucket_kernel[(triton.cdiv(n, 256),)](keys, out, buckets, n, BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randint(-(2**30), 2**30, (900,), device="cuda"), 97


# </TEST>
