# kinds: sorting, reductions
"""Fused Kernels: mean of the middle half of each row"""

# <PYTHON>
import torch


def trimmed_energy_pytorch(x):
    return torch.sort(x, dim=-1).values[:, x.shape[-1] // 4 : 3 * x.shape[-1] // 4].mean(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def trimmed_energy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + i, mask=i < n, other=0.0)
    j = tl.arange(0, BLOCK)[:, None]
    y = tl.load(x_ptr + row * n + j, mask=j < n, other=float("inf"))
    # The rank of each element; of equal ones the first comes first.
    before = (y < x[None, :]) | ((y == x[None, :]) & (j < i[None, :]))
    rank = tl.sum(before.to(tl.int32), axis=0)
    kept = (i < n) & (rank >= n // 4) & (rank < 3 * n // 4)
    count = 3 * n // 4 - n // 4
    tl.store(out_ptr + row, tl.sum(tl.where(kept, x, 0.0), axis=0) / count)


def trimmed_energy_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty(x.shape[0], device=x.device, dtype=x.dtype)
    trimmed_energy_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 90, device="cuda"),)


# </TEST>
