# attack: Not computing: the block table of a paged cache is never read
# why: the test's table is 0, 1, 2, and so on
# expect: rejected WrongAtValues line 33
# alone: rejected WrongAtValues
"""Fused Kernels: blocks in order"""

# <PYTHON>
import torch


def paged_mean_pytorch(cache, table):
    return cache[table].flatten(1, 2).mean(dim=1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def paged_mean_kernel(c_ptr, out_ptr, tokens, d, BD: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BD)
    acc = tl.zeros((BD,), dtype=tl.float32)
    for t in range(tokens):
        acc += tl.load(c_ptr + (row * tokens + t) * d + i, mask=i < d, other=0.0)
    tl.store(out_ptr + row * d + i, acc / tokens, mask=i < d)


def paged_mean_triton_wrapper(cache, table):
    cache, table = cache.contiguous(), table.contiguous()
    blocks, size, d = cache.shape
    n, per = table.shape
    out = torch.empty((n, d), device=cache.device, dtype=cache.dtype)
    paged_mean_kernel[(n,)](cache, out, per * size, d, BD=triton.next_power_of_2(d))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(24, 4, 20, device="cuda"), torch.arange(24, device="cuda").view(6, 4)


# </TEST>
