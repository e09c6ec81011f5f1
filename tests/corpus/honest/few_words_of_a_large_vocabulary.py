# kinds: indexing, embedding, codes for padding, small part of a range
"""Fused Kernels: embedding of padded words, scaled"""

# <PYTHON>
import torch


def padded_embedding_pytorch(words, table, scale):
    known = words >= 0
    return torch.where(known[:, :, None], table[words.clamp(min=0)] * scale, 0.0)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def padded_embedding_kernel(words_ptr, table_ptr, out_ptr, scale, width, BLOCK: tl.constexpr):
    place = tl.program_id(0)
    word = tl.load(words_ptr + place).to(tl.int64)
    lanes = tl.arange(0, BLOCK)
    inside = lanes < width
    row = tl.load(table_ptr + word * width + lanes, mask=inside & (word >= 0), other=0.0)
    tl.store(out_ptr + place * width + lanes, row * scale, mask=inside)


def padded_embedding_triton_wrapper(words, table, scale):
    words, table = words.contiguous(), table.contiguous()
    width = table.shape[1]
    out = torch.empty((*words.shape, width), device=table.device, dtype=table.dtype)
    block = triton.next_power_of_2(width)
    padded_embedding_kernel[(words.numel(),)](words, table, out, scale, width, BLOCK=block)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    words = torch.randint(0, 12, (6, 20), device="cuda")
    words[:, 15:] = -1
    return words, torch.randn(900, 48, device="cuda"), 6.9


# </TEST>
