# kinds: attention, flash attention, causal, grouped-query attention, float16
"""Fused Kernels: causal attention whose query heads share key heads"""

# <PYTHON>
import torch


def grouped_attention_pytorch(query, key, value):
    """query is (batch, heads, length, width); key and value have a few heads, each for several of query's."""
    repeats = query.shape[1] // key.shape[1]
    key = key.repeat_interleave(repeats, dim=1)
    value = value.repeat_interleave(repeats, dim=1)
    length = query.shape[2]
    scores = (query @ key.transpose(-1, -2)) * query.shape[-1] ** -0.5
    future = torch.ones(length, length, device=query.device, dtype=torch.bool).triu(1)
    scores = scores.masked_fill(future, float("-inf"))
    return torch.softmax(scores, dim=-1) @ value


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _walk(
    accumulator,
    total,
    maximum,
    query,
    key_ptr,
    value_ptr,
    first,
    last,
    m,
    length,
    width,
    scale,
    ON_DIAGONAL: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """Walks the keys from first to last; only tiles on the diagonal need the causal mask."""
    d = tl.arange(0, BLOCK_D)
    for start in range(first, last, BLOCK_N):
        n = start + tl.arange(0, BLOCK_N)
        mask = (n[:, None] < length) & (d[None, :] < width)
        key = tl.load(key_ptr + n[:, None] * width + d[None, :], mask=mask, other=0.0)
        value = tl.load(value_ptr + n[:, None] * width + d[None, :], mask=mask, other=0.0)
        scores = tl.dot(query, tl.trans(key)) * scale
        if ON_DIAGONAL:
            scores = tl.where((n[None, :] <= m[:, None]) & (n[None, :] < length), scores, float("-inf"))
        larger = tl.maximum(maximum, tl.max(scores, axis=1))
        weights = tl.exp2(scores - larger[:, None])
        correction = tl.exp2(maximum - larger)
        total = total * correction + tl.sum(weights, axis=1)
        accumulator = tl.dot(weights.to(value.dtype), value, accumulator * correction[:, None])
        maximum = larger
    return accumulator, total, maximum


@triton.jit
def grouped_attention_kernel(
    query_ptr,
    key_ptr,
    value_ptr,
    out_ptr,
    scale,
    n_heads,
    repeats,
    length,
    width,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    first = tl.program_id(0) * BLOCK_M
    head = tl.program_id(1)
    batch = head // n_heads
    key_head = batch * (n_heads // repeats) + (head % n_heads) // repeats
    query_ptr += head.to(tl.int64) * length * width
    out_ptr += head.to(tl.int64) * length * width
    key_ptr += key_head.to(tl.int64) * length * width
    value_ptr += key_head.to(tl.int64) * length * width
    m = first + tl.arange(0, BLOCK_M)
    d = tl.arange(0, BLOCK_D)
    mask = (m[:, None] < length) & (d[None, :] < width)
    query = tl.load(query_ptr + m[:, None] * width + d[None, :], mask=mask, other=0.0)

    maximum = tl.full((BLOCK_M,), float("-inf"), dtype=tl.float32)
    total = tl.zeros((BLOCK_M,), dtype=tl.float32)
    accumulator = tl.zeros((BLOCK_M, BLOCK_D), dtype=tl.float32)
    accumulator, total, maximum = _walk(
        accumulator, total, maximum, query, key_ptr, value_ptr, 0, first,
        m, length, width, scale, ON_DIAGONAL=False, BLOCK_N=BLOCK_N, BLOCK_D=BLOCK_D,
    )  # fmt: skip
    last = tl.minimum(first + BLOCK_M, length)
    accumulator, total, maximum = _walk(
        accumulator, total, maximum, query, key_ptr, value_ptr, first, last,
        m, length, width, scale, ON_DIAGONAL=True, BLOCK_N=BLOCK_N, BLOCK_D=BLOCK_D,
    )  # fmt: skip
    out = accumulator / total[:, None]
    tl.store(out_ptr + m[:, None] * width + d[None, :], out.to(tl.float16), mask=mask)


def grouped_attention_triton_wrapper(query, key, value):
    query, key, value = query.contiguous(), key.contiguous(), value.contiguous()
    batch, n_heads, length, width = query.shape
    if n_heads % key.shape[1]:
        raise ValueError(f"{n_heads} query heads cannot share {key.shape[1]} key heads evenly")
    out = torch.empty_like(query)
    # exp2 is the hardware's exponential: the logarithm's base is folded into the scale.
    scale = width**-0.5 * 1.4426950408889634
    grouped_attention_kernel[(triton.cdiv(length, 32), batch * n_heads)](
        query,
        key,
        value,
        out,
        scale,
        n_heads,
        n_heads // key.shape[1],
        length,
        width,
        BLOCK_M=32,
        BLOCK_N=32,
        BLOCK_D=max(16, triton.next_power_of_2(width)),
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    query = torch.randn(2, 6, 75, 40, device="cuda", dtype=torch.float16)
    key = torch.randn(2, 3, 75, 40, device="cuda", dtype=torch.float16)
    value = torch.randn(2, 3, 75, 40, device="cuda", dtype=torch.float16)
    return query, key, value


# </TEST>
