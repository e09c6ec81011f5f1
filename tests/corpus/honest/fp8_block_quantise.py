# kinds: quantisation, float8, several outputs, by block, float32
"""Fused Kernels: quantise activations to float8, a scale for every 128 columns"""

# <PYTHON>
import torch


def fp8_block_quantise_torch(x, block):
    """x is (rows, columns), and columns must be a multiple of block."""
    n_rows, n_columns = x.shape
    parts = x.view(n_rows, n_columns // block, block)
    scale = parts.abs().amax(dim=-1).clamp(min=1e-4) / 448.0
    quantised = (parts / scale[..., None]).clamp(-448.0, 448.0).to(torch.float8_e4m3fn)
    return quantised.view(n_rows, n_columns), scale


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def fp8_block_quantise_kernel(x_ptr, out_ptr, scale_ptr, n_blocks, BLOCK: tl.constexpr, PADDED: tl.constexpr):
    lanes = tl.arange(0, PADDED)
    part = tl.program_id(0) * n_blocks + tl.program_id(1)
    mask = lanes < BLOCK
    x = tl.load(x_ptr + part * BLOCK + lanes, mask=mask, other=0.0)
    # Rounded as IEEE says: a last bit more or less could move a value over float8's border.
    scale = tl.div_rn(tl.maximum(tl.max(tl.abs(x), axis=0), 1e-4), 448.0)
    scaled = tl.div_rn(x, scale + tl.zeros((PADDED,), dtype=tl.float32))
    clamped = tl.minimum(tl.maximum(scaled, -448.0), 448.0)
    tl.store(out_ptr + part * BLOCK + lanes, clamped.to(tl.float8e4nv), mask=mask)
    tl.store(scale_ptr + part, scale)


def fp8_block_quantise_triton(x, block):
    x = x.contiguous()
    n_rows, n_columns = x.shape
    if n_columns % block:
        raise ValueError(f"{n_columns} columns are not a multiple of {block}")
    n_blocks = n_columns // block
    out = torch.empty(x.shape, device=x.device, dtype=torch.float8_e4m3fn)
    scale = torch.empty((n_rows, n_blocks), device=x.device, dtype=torch.float32)
    fp8_block_quantise_kernel[(n_rows, n_blocks)](
        x, out, scale, n_blocks, BLOCK=block, PADDED=triton.next_power_of_2(block)
    )
    return out, scale


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(30, 384, device="cuda") * 3.0, 128
