# kinds: reduction, custom combination, Welford, mean and variance, several outputs, float32, nested kernels
"""Fused Kernels: mean and variance of long rows by merging partial statistics"""

# <PYTHON>
import torch


def merged_statistics_pytorch(x):
    variance, mean = torch.var_mean(x, dim=-1, correction=0)
    return mean, variance


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _merge(mean_a, m2_a, count_a, mean_b, m2_b, count_b):
    """Chan's formula for the statistics of two groups together."""
    count = count_a + count_b
    share = tl.where(count == 0.0, 0.0, count_b / tl.where(count == 0.0, 1.0, count))
    delta = mean_b - mean_a
    return mean_a + delta * share, m2_a + m2_b + delta * delta * count_a * share, count


@triton.jit
def merged_statistics_kernel(x_ptr, mean_ptr, variance_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    mean = tl.zeros((BLOCK,), dtype=tl.float32)
    m2 = tl.zeros((BLOCK,), dtype=tl.float32)
    count = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, n_columns, BLOCK):
        columns = start + tl.arange(0, BLOCK)
        mask = columns < n_columns
        x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=0.0)
        new_count = count + mask.to(tl.float32)
        delta = x - mean
        new_mean = mean + delta / tl.maximum(new_count, 1.0)
        m2 = tl.where(mask, m2 + delta * (x - new_mean), m2)
        mean = tl.where(mask, new_mean, mean)
        count = new_count
    mean_of_row, m2_of_row, count_of_row = tl.reduce((mean, m2, count), axis=0, combine_fn=_merge)
    tl.store(mean_ptr + row, mean_of_row)
    tl.store(variance_ptr + row, m2_of_row / count_of_row)


def merged_statistics_triton_wrapper(x):
    x = x.contiguous()
    n_columns = x.shape[-1]
    mean = torch.empty(x.shape[:-1], device=x.device, dtype=x.dtype)
    variance = torch.empty_like(mean)
    merged_statistics_kernel[(mean.numel(),)](x, mean, variance, n_columns, BLOCK=128)
    return mean, variance


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    # A mean far from zero is what this way of counting is for.
    return (torch.randn(30, 500, device="cuda") + 50.0,)


# </TEST>
