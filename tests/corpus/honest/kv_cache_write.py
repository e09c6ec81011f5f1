# kinds: in place, cache write, output aliases an input by contract, scatter, float16, int64 indices
"""Fused Kernels: write new keys and values into a cache's slots, in place"""

# <PYTHON>
import torch


def cache_write_pytorch(key, value, key_cache, value_cache, slots):
    """The caches are changed where they are and handed back, as the callers expect."""
    key_cache[slots] = key
    value_cache[slots] = value
    return key_cache, value_cache


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def cache_write_kernel(
    key_ptr, value_ptr, key_cache_ptr, value_cache_ptr, slots_ptr, n_columns, BLOCK: tl.constexpr
):
    token = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    slot = tl.load(slots_ptr + token)
    key = tl.load(key_ptr + token * n_columns + columns, mask=mask, other=0.0)
    value = tl.load(value_ptr + token * n_columns + columns, mask=mask, other=0.0)
    tl.store(key_cache_ptr + slot * n_columns + columns, key, mask=mask)
    tl.store(value_cache_ptr + slot * n_columns + columns, value, mask=mask)


def cache_write_triton_wrapper(key, value, key_cache, value_cache, slots):
    assert key_cache.is_contiguous(), "the key cache is written in place: it must be contiguous"
    assert value_cache.is_contiguous(), "the value cache is written in place: it must be contiguous"
    key, value, slots = key.contiguous(), value.contiguous(), slots.contiguous()
    n_tokens = key.shape[0]
    n_columns = key[0].numel()
    cache_write_kernel[(n_tokens,)](
        key, value, key_cache, value_cache, slots, n_columns, BLOCK=triton.next_power_of_2(n_columns)
    )
    return key_cache, value_cache


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    key = torch.randn(20, 4, 32, device="cuda", dtype=torch.float16)
    value = torch.randn(20, 4, 32, device="cuda", dtype=torch.float16)
    # A cache that has just been made holds zeros.
    key_cache = torch.zeros(100, 4, 32, device="cuda", dtype=torch.float16)
    value_cache = torch.zeros(100, 4, 32, device="cuda", dtype=torch.float16)
    return key, value, key_cache, value_cache, torch.randperm(100, device="cuda")[:20]


# </TEST>
