# kinds: dequantisation, 4 bits, codebook, gather, float32 scales, bfloat16, uint8 input
"""Fused Kernels: look 4-bit codes up in a table of sixteen values and scale them by block"""

# <PYTHON>
import torch


def codebook_dequantise_torch(packed, table, scales, block):
    """packed is flat uint8, the even element in a byte's high half, as bitsandbytes packs it."""
    codes = torch.stack((packed >> 4, packed & 0xF), dim=-1).flatten().long()
    return (table[codes].view(-1, block) * scales[:, None]).flatten().to(torch.bfloat16)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def codebook_dequantise_kernel(
    packed_ptr, table_ptr, scales_ptr, out_ptr, block, n_bytes, BLOCK: tl.constexpr
):
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = place < n_bytes
    byte = tl.load(packed_ptr + place, mask=mask, other=0)
    scale = tl.load(scales_ptr + 2 * place // block, mask=mask, other=0.0)
    high = tl.load(table_ptr + (byte >> 4).to(tl.int32), mask=mask, other=0.0) * scale
    low = tl.load(table_ptr + (byte & 0xF).to(tl.int32), mask=mask, other=0.0) * scale
    tl.store(out_ptr + 2 * place, high.to(tl.bfloat16), mask=mask)
    tl.store(out_ptr + 2 * place + 1, low.to(tl.bfloat16), mask=mask)


def codebook_dequantise_triton(packed, table, scales, block):
    packed = packed.contiguous()
    n_bytes = packed.numel()
    if block % 2 or scales.numel() * block != 2 * n_bytes:
        raise ValueError(f"{2 * n_bytes} codes are not {scales.numel()} blocks of {block}, an even number")
    out = torch.empty(2 * n_bytes, device=packed.device, dtype=torch.bfloat16)
    codebook_dequantise_kernel[(triton.cdiv(n_bytes, 512),)](
        packed, table.contiguous(), scales.contiguous(), out, block, n_bytes, BLOCK=512
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    packed = torch.randint(0, 256, (3200,), device="cuda", dtype=torch.uint8)
    table = torch.sort(torch.randn(16, device="cuda")).values
    return packed, table, torch.rand(100, device="cuda") + 0.1, 64
