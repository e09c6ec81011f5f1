# kinds: elementwise, int32, integer output, bit operations
"""Fused Kernels: mix the bits of integer keys and map them to buckets"""

# <PYTHON>
import torch


def hash_buckets_pytorch(keys, n_buckets):
    """Thomas Wang's shifts and multiplications on 32 bits, then the remainder."""
    mixed = keys.to(torch.int64) & 0xFFFFFFFF
    mixed = (mixed ^ (mixed >> 16)) * 0x45D9F3B & 0xFFFFFFFF
    mixed = (mixed ^ (mixed >> 16)) * 0x45D9F3B & 0xFFFFFFFF
    mixed = mixed ^ (mixed >> 16)
    return (mixed % n_buckets).to(torch.int32)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def hash_buckets_kernel(keys_ptr, buckets_ptr, n_buckets, n_keys, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_keys
    # Unsigned, so that the shifts bring in zeros and the products wrap at 32 bits by themselves.
    mixed = tl.load(keys_ptr + offsets, mask=mask, other=0).to(tl.uint32, bitcast=True)
    mixed = (mixed ^ (mixed >> 16)) * 0x45D9F3B
    mixed = (mixed ^ (mixed >> 16)) * 0x45D9F3B
    mixed = mixed ^ (mixed >> 16)
    tl.store(buckets_ptr + offsets, (mixed % n_buckets.to(tl.uint32)).to(tl.int32), mask=mask)


def hash_buckets_triton_wrapper(keys, n_buckets):
    keys = keys.contiguous()
    buckets = torch.empty_like(keys)
    n_keys = keys.numel()
    hash_buckets_kernel[(triton.cdiv(n_keys, 1024),)](keys, buckets, n_buckets, n_keys, BLOCK=1024)
    return buckets


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    keys = torch.randint(-(2**31), 2**31 - 1, (5000,), device="cuda", dtype=torch.int32)
    return keys, 1009


# </TEST>
