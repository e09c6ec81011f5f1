# kinds: several outputs, an input returned untouched by contract, masked, float16, boolean input
"""Fused Kernels: zero what is padding, and hand the mask on with the result"""

# <PYTHON>
import torch


def mask_and_pass_pytorch(hidden, mask, scale):
    """Layers of a stack take and return (hidden, mask), so that they can be chained."""
    return hidden * scale * mask[..., None], mask


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def mask_rows_kernel(hidden_ptr, mask_ptr, out_ptr, scale, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    inside = columns < n_columns
    keep = tl.load(mask_ptr + row).to(tl.float32)
    hidden = tl.load(hidden_ptr + row * n_columns + columns, mask=inside, other=0.0).to(tl.float32)
    tl.store(out_ptr + row * n_columns + columns, (hidden * scale * keep).to(tl.float16), mask=inside)


def mask_and_pass_triton_wrapper(hidden, mask, scale):
    hidden = hidden.contiguous()
    n_columns = hidden.shape[-1]
    out = torch.empty_like(hidden)
    mask_rows_kernel[(hidden.numel() // n_columns,)](
        hidden, mask.contiguous(), out, scale, n_columns, BLOCK=triton.next_power_of_2(n_columns)
    )
    return out, mask


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    hidden = torch.randn(5, 24, 180, device="cuda", dtype=torch.float16)
    lengths = torch.randint(1, 25, (5, 1), device="cuda")
    return hidden, torch.arange(24, device="cuda")[None, :] < lengths, 1.25


# </TEST>
