# kinds: reduction, two stages, two kernels, norm clipping, float32, workspace
"""Fused Kernels: clip a gradient to a largest norm, in two launches"""

# <PYTHON>
import torch


def clip_by_norm_pytorch(gradient, largest):
    norm = gradient.square().sum().sqrt()
    factor = torch.clamp(largest / (norm + 1e-6), max=1.0)
    return gradient * factor, norm


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def square_sum_kernel(gradient_ptr, partial_ptr, n_elements, BLOCK: tl.constexpr):
    program = tl.program_id(0)
    offsets = program * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(gradient_ptr + offsets, mask=offsets < n_elements, other=0.0)
    tl.store(partial_ptr + program, tl.sum(x * x, axis=0))


@triton.jit
def clip_kernel(
    gradient_ptr,
    partial_ptr,
    out_ptr,
    norm_ptr,
    largest,
    n_partials,
    n_elements,
    PARTIALS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Every program adds up the few partial sums again, which is cheaper than a third launch."""
    program = tl.program_id(0)
    total = 0.0
    for start in range(0, n_partials, PARTIALS):
        partials = start + tl.arange(0, PARTIALS)
        total += tl.sum(tl.load(partial_ptr + partials, mask=partials < n_partials, other=0.0), axis=0)
    norm = tl.sqrt(total)
    if program == 0:
        tl.store(norm_ptr, norm)
    factor = tl.minimum(largest / (norm + 1e-6), 1.0)
    offsets = program * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    x = tl.load(gradient_ptr + offsets, mask=mask, other=0.0)
    tl.store(out_ptr + offsets, x * factor, mask=mask)


def clip_by_norm_triton_wrapper(gradient, largest):
    gradient = gradient.contiguous()
    n_elements = gradient.numel()
    block = 1024
    n_partials = triton.cdiv(n_elements, block)
    partial = torch.empty(n_partials, device=gradient.device, dtype=torch.float32)
    out = torch.empty_like(gradient)
    norm = torch.empty((), device=gradient.device, dtype=gradient.dtype)
    square_sum_kernel[(n_partials,)](gradient, partial, n_elements, BLOCK=block)
    clip_kernel[(n_partials,)](
        gradient, partial, out, norm, largest, n_partials, n_elements, PARTIALS=128, BLOCK=block
    )
    return out, norm


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(100, 210, device="cuda"), 5.0


# </TEST>
