# kinds: embedding, int64, large keys, integer output, several outputs
"""Fused Kernels: multiplicative hash of 64-bit keys and table lookup"""

# <PYTHON>
import torch


def hash_lookup(keys, table):
    h = keys * 2654435761
    slot = (h >> 7) % table.shape[0]
    return table[slot], slot


# </PYTHON>
# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def hash_kernel(k_ptr, t_ptr, o_ptr, s_ptr, n, size, D, BLOCK_D: tl.constexpr):
    r = tl.program_id(0)
    key = tl.load(k_ptr + r)
    h = key * 2654435761
    h = h >> 7
    slot = h % size
    slot = tl.where(slot < 0, slot + size, slot)
    tl.store(s_ptr + r, slot)
    d = tl.arange(0, BLOCK_D)
    tl.store(o_ptr + r * D + d, tl.load(t_ptr + slot * D + d, mask=d < D, other=0.0), mask=d < D)


def hash_lookup(keys, table):
    n = keys.numel()
    size, D = table.shape
    o = torch.empty((n, D), device=table.device, dtype=table.dtype)
    s = torch.empty(n, device=table.device, dtype=torch.int64)
    hash_kernel[(n,)](keys, table.contiguous(), o, s, n, size, D, BLOCK_D=triton.next_power_of_2(D))
    return o, s


# </TRITON>
# <TEST>
import torch


def get_test_inputs():
    return torch.randint(0, 1 << 30, (200,), device="cuda"), torch.randn(97, 20, device="cuda")


# </TEST>
