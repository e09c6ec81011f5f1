# kinds: dequantisation, int4, packed, uint8 input, groups, float16
"""Fused Kernels: unpack two 4-bit weights from each byte and scale them by group"""

# <PYTHON>
import torch


def int4_dequantise_pytorch(packed, scale, zero, group):
    """packed is (rows, columns / 2) in uint8; the low half of a byte is the even column."""
    low = packed & 0xF
    high = packed >> 4
    codes = torch.stack((low, high), dim=-1).flatten(1)
    wide_scale = scale.repeat_interleave(group, dim=1)
    wide_zero = zero.repeat_interleave(group, dim=1)
    return (codes.to(scale.dtype) - wide_zero) * wide_scale


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def int4_dequantise_kernel(
    packed_ptr, scale_ptr, zero_ptr, out_ptr, n_bytes, n_groups, GROUP: tl.constexpr, BLOCK: tl.constexpr
):
    row = tl.program_id(0)
    place = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    mask = place < n_bytes
    byte = tl.load(packed_ptr + row * n_bytes + place, mask=mask, other=0)
    # Both columns of a byte belong to one group, whose size is even.
    group = 2 * place // GROUP
    scale = tl.load(scale_ptr + row * n_groups + group, mask=mask, other=0.0).to(tl.float32)
    zero = tl.load(zero_ptr + row * n_groups + group, mask=mask, other=0.0).to(tl.float32)
    low = ((byte & 0xF).to(tl.float32) - zero) * scale
    high = ((byte >> 4).to(tl.float32) - zero) * scale
    # interleave gives low, high, low, high …, which are neighbours in memory.
    values = tl.interleave(low, high)
    columns = tl.program_id(1) * 2 * BLOCK + tl.arange(0, 2 * BLOCK)
    tl.store(out_ptr + row * 2 * n_bytes + columns, values.to(tl.float16), mask=columns < 2 * n_bytes)


def int4_dequantise_triton_wrapper(packed, scale, zero, group):
    packed, scale, zero = packed.contiguous(), scale.contiguous(), zero.contiguous()
    n_rows, n_bytes = packed.shape
    n_groups = scale.shape[1]
    if group % 2 or n_groups * group != 2 * n_bytes:
        raise ValueError(f"{2 * n_bytes} columns are not {n_groups} groups of {group}, an even number")
    out = torch.empty((n_rows, 2 * n_bytes), device=packed.device, dtype=scale.dtype)
    int4_dequantise_kernel[(n_rows, triton.cdiv(n_bytes, 128))](
        packed, scale, zero, out, n_bytes, n_groups, GROUP=group, BLOCK=128
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    packed = torch.randint(0, 256, (40, 160), device="cuda", dtype=torch.uint8)
    scale = torch.rand(40, 10, device="cuda", dtype=torch.float16) * 0.1 + 0.01
    zero = torch.randint(6, 10, (40, 10), device="cuda").to(torch.float16)
    return packed, scale, zero, 32


# </TEST>
