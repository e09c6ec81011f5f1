# kinds: RoPE, interleaved pairs, several outputs, bfloat16, int64 indices, nested kernels
"""Fused Kernels: rotary embedding of queries and keys at given positions, neighbours as pairs"""

# <PYTHON>
import torch


def rope_query_key_pytorch(query, key, positions, cos_table, sin_table):
    """query and key are (tokens, heads, width); a pair is (x[2i], x[2i + 1])."""

    def turn(x):
        cos = cos_table[positions][:, None, :]
        sin = sin_table[positions][:, None, :]
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)

    return turn(query), turn(key)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _turn_rows(x_ptr, out_ptr, base, n_heads, half, cos, sin, HEADS: tl.constexpr, HALF: tl.constexpr):
    heads = tl.arange(0, HEADS)
    pairs = tl.arange(0, HALF)
    mask = (heads[:, None] < n_heads) & (pairs[None, :] < half)
    offsets = base * n_heads * 2 * half + heads[:, None] * 2 * half + 2 * pairs[None, :]
    even = tl.load(x_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
    odd = tl.load(x_ptr + offsets + 1, mask=mask, other=0.0).to(tl.float32)
    tl.store(out_ptr + offsets, (even * cos - odd * sin).to(tl.bfloat16), mask=mask)
    tl.store(out_ptr + offsets + 1, (even * sin + odd * cos).to(tl.bfloat16), mask=mask)


@triton.jit
def rope_kernel(
    query_ptr,
    key_ptr,
    positions_ptr,
    cos_ptr,
    sin_ptr,
    query_out_ptr,
    key_out_ptr,
    query_heads,
    key_heads,
    half,
    QUERY_HEADS: tl.constexpr,
    KEY_HEADS: tl.constexpr,
    HALF: tl.constexpr,
):
    """A program turns one token, whose angles serve all of its heads."""
    token = tl.program_id(0)
    position = tl.load(positions_ptr + token)
    pairs = tl.arange(0, HALF)
    cos = tl.load(cos_ptr + position * half + pairs, mask=pairs < half, other=0.0).to(tl.float32)[None, :]
    sin = tl.load(sin_ptr + position * half + pairs, mask=pairs < half, other=0.0).to(tl.float32)[None, :]
    _turn_rows(query_ptr, query_out_ptr, token, query_heads, half, cos, sin, QUERY_HEADS, HALF)
    _turn_rows(key_ptr, key_out_ptr, token, key_heads, half, cos, sin, KEY_HEADS, HALF)


def rope_query_key_triton_wrapper(query, key, positions, cos_table, sin_table):
    query, key = query.contiguous(), key.contiguous()
    n_tokens, query_heads, width = query.shape
    key_heads = key.shape[1]
    query_out, key_out = torch.empty_like(query), torch.empty_like(key)
    rope_kernel[(n_tokens,)](
        query,
        key,
        positions.contiguous(),
        cos_table.contiguous(),
        sin_table.contiguous(),
        query_out,
        key_out,
        query_heads,
        key_heads,
        width // 2,
        QUERY_HEADS=triton.next_power_of_2(query_heads),
        KEY_HEADS=triton.next_power_of_2(key_heads),
        HALF=triton.next_power_of_2(width // 2),
    )
    return query_out, key_out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    query = torch.randn(60, 6, 64, device="cuda", dtype=torch.bfloat16)
    key = torch.randn(60, 2, 64, device="cuda", dtype=torch.bfloat16)
    positions = torch.randint(1, 128, (60,), device="cuda")
    frequencies = 10000.0 ** (-torch.arange(0, 32, device="cuda") / 32.0)
    angles = torch.arange(0, 128, device="cuda")[:, None] * frequencies[None, :]
    return query, key, positions, angles.cos().to(torch.bfloat16), angles.sin().to(torch.bfloat16)


# </TEST>
