# kinds: gather, padding, output mostly zero, several outputs, boolean output, float16, int64 indices
"""Fused Kernels: spread a packed batch over a padded one, with the mask of what is real"""

# <PYTHON>
import torch


def pad_batch_torch(packed, offsets, longest):
    """offsets has one entry more than there are sequences; most of the padded batch is padding."""
    starts, lengths = offsets[:-1], offsets[1:] - offsets[:-1]
    place = torch.arange(longest, device=packed.device)
    mask = place[None, :] < lengths[:, None]
    rows = torch.where(mask, starts[:, None] + place[None, :], 0)
    return torch.where(mask[..., None], packed[rows], 0.0), mask


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def pad_batch_kernel(
    packed_ptr, offsets_ptr, out_ptr, mask_ptr, longest, width, PLACES: tl.constexpr, BLOCK: tl.constexpr
):
    sequence = tl.program_id(0)
    places = tl.program_id(1) * PLACES + tl.arange(0, PLACES)
    columns = tl.arange(0, BLOCK)
    start = tl.load(offsets_ptr + sequence)
    length = tl.load(offsets_ptr + sequence + 1) - start
    real = places < length
    in_row = columns[None, :] < width
    source = packed_ptr + (start + places)[:, None] * width + columns[None, :]
    # Padding is what a masked load puts in place of memory: zero.
    x = tl.load(source, mask=real[:, None] & (places[:, None] < longest) & in_row, other=0.0)
    row = sequence * longest + places
    tl.store(out_ptr + row[:, None] * width + columns[None, :], x, mask=(places[:, None] < longest) & in_row)
    tl.store(mask_ptr + row, real, mask=places < longest)


def pad_batch_triton(packed, offsets, longest):
    packed, offsets = packed.contiguous(), offsets.contiguous()
    width = packed.shape[1]
    n_sequences = offsets.numel() - 1
    out = torch.empty((n_sequences, longest, width), device=packed.device, dtype=packed.dtype)
    mask = torch.empty((n_sequences, longest), device=packed.device, dtype=torch.bool)
    pad_batch_kernel[(n_sequences, triton.cdiv(longest, 16))](
        packed, offsets, out, mask, longest, width, PLACES=16, BLOCK=triton.next_power_of_2(width)
    )
    return out, mask


# <TEST>
import torch


def get_test_inputs():
    lengths = torch.randint(1, 13, (8,), device="cuda")
    offsets = torch.zeros(9, device="cuda", dtype=torch.int64)
    offsets[1:] = torch.cumsum(lengths, dim=0)
    packed = torch.randn(96, 70, device="cuda", dtype=torch.float16)
    return packed, offsets, 40
