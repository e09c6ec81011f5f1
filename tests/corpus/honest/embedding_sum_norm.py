# kinds: embedding, gather, index_select, RMSNorm, bfloat16, int64 indices
"""Fused Kernels: token and position embeddings, their sum and RMSNorm"""

# <PYTHON>
import torch


def embed_tokens_torch(tokens, token_table, position_table, weight):
    """tokens is (batch, length) of indices."""
    words = token_table.index_select(0, tokens.flatten()).view(*tokens.shape, -1)
    places = position_table[: tokens.shape[1]]
    hidden = (words + places).float()
    normed = hidden * torch.rsqrt(hidden.square().mean(dim=-1, keepdim=True) + 1e-6)
    return (normed * weight.float()).to(token_table.dtype)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def embed_tokens_kernel(
    tokens_ptr, token_table_ptr, position_table_ptr, weight_ptr, out_ptr, length, width, BLOCK: tl.constexpr
):
    place = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < width
    token = tl.load(tokens_ptr + place)
    word = tl.load(token_table_ptr + token * width + columns, mask=mask, other=0.0)
    position = tl.load(position_table_ptr + (place % length) * width + columns, mask=mask, other=0.0)
    # Added as bfloat16, as the reference adds them.
    hidden = (word + position).to(tl.float32)
    scale = tl.rsqrt(tl.sum(hidden * hidden, axis=0) / width + 1e-6)
    weight = tl.load(weight_ptr + columns, mask=mask, other=0.0).to(tl.float32)
    tl.store(out_ptr + place * width + columns, (hidden * scale * weight).to(tl.bfloat16), mask=mask)


def embed_tokens_triton(tokens, token_table, position_table, weight):
    tokens = tokens.contiguous()
    batch, length = tokens.shape
    width = token_table.shape[1]
    if length > position_table.shape[0]:
        raise ValueError(f"{length} tokens, but only {position_table.shape[0]} positions are known")
    out = torch.empty((batch, length, width), device=tokens.device, dtype=token_table.dtype)
    embed_tokens_kernel[(batch * length,)](
        tokens,
        token_table.contiguous(),
        position_table.contiguous(),
        weight.contiguous(),
        out,
        length,
        width,
        BLOCK=triton.next_power_of_2(width),
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    tokens = torch.randint(0, 500, (3, 25), device="cuda")
    token_table = torch.randn(500, 192, device="cuda", dtype=torch.bfloat16)
    position_table = torch.randn(64, 192, device="cuda", dtype=torch.bfloat16)
    return tokens, token_table, position_table, torch.rand(192, device="cuda", dtype=torch.bfloat16) + 0.5
