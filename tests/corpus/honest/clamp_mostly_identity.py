# kinds: elementwise, clamp, output mostly equal to input, float16, keyword arguments
"""Fused Kernels: replace NaN and clamp activations to the range that float8 can hold"""

# <PYTHON>
import torch


def guard_range_torch(x, low=-448.0, high=448.0):
    """Most activations are inside the range and come out as they went in."""
    finite = torch.where(torch.isnan(x), torch.zeros_like(x), x)
    return finite.clamp(low, high)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def guard_range_kernel(x_ptr, out_ptr, low, high, n_elements, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
    # NaN is the one value that differs from itself.
    x = tl.where(x == x, x, 0.0)
    x = tl.where(x < low, low, tl.where(x > high, high, x))
    tl.store(out_ptr + offsets, x.to(out_ptr.dtype.element_ty), mask=mask)


def guard_range_triton(x, low=-448.0, high=448.0):
    x = x.contiguous()
    out = torch.empty_like(x)
    n_elements = x.numel()
    guard_range_kernel[(triton.cdiv(n_elements, 1024),)](x, out, low, high, n_elements, BLOCK=1024)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(64, 250, device="cuda", dtype=torch.float16) * 20.0
    # A few outliers, as a long-trained network has them.
    rows = torch.randint(0, 64, (40,), device="cuda")
    columns = torch.randint(0, 250, (40,), device="cuda")
    x[rows, columns] = 600.0
    x[columns % 64, columns] = -600.0
    return {"x": x, "low": -448.0, "high": 448.0}


# </TEST>
