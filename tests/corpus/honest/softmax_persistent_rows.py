# kinds: softmax, persistent, device properties, cached configuration, float16
"""Fused Kernels: scale and softmax by as many programs as the GPU can hold"""

# <PYTHON>
import torch


def scaled_softmax_pytorch(logits, temperature):
    return torch.softmax(logits / temperature, dim=-1)


# </PYTHON>

# <TRITON>
import functools

import torch
import triton
import triton.language as tl


@triton.jit
def scaled_softmax_kernel(
    logits_ptr,
    out_ptr,
    inverse_temperature,
    stride_row,
    n_rows,
    n_columns,
    BLOCK: tl.constexpr,
):
    """A program takes every row whose number is its own modulo the number of programs."""
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    for row in range(tl.program_id(0), n_rows, tl.num_programs(0)):
        logits = tl.load(logits_ptr + row * stride_row + columns, mask=mask, other=float("-inf"))
        scaled = logits.to(tl.float32) * inverse_temperature
        exponentials = tl.exp(scaled - tl.max(scaled, axis=0))
        out = exponentials / tl.sum(exponentials, axis=0)
        tl.store(out_ptr + row * n_columns + columns, out.to(out_ptr.dtype.element_ty), mask=mask)


@functools.lru_cache
def _n_multiprocessors(index):
    """A property of the card, which no call changes."""
    return torch.cuda.get_device_properties(index).multi_processor_count


def scaled_softmax_triton_wrapper(logits, temperature):
    if logits.stride(-1) != 1:
        logits = logits.contiguous()
    n_rows, n_columns = logits.shape
    out = torch.empty((n_rows, n_columns), device=logits.device, dtype=logits.dtype)
    n_programs = min(n_rows, 2 * _n_multiprocessors(logits.device.index or 0))
    scaled_softmax_kernel[(n_programs,)](
        logits,
        out,
        1.0 / temperature,
        logits.stride(0),
        n_rows,
        n_columns,
        BLOCK=triton.next_power_of_2(n_columns),
        num_warps=4,
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(150, 300, device="cuda", dtype=torch.float16) * 4.0, 1.5


# </TEST>
