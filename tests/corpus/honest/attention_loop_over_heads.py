# kinds: attention, relative position bias, reference with a small loop over heads, float16
"""Fused Kernels: attention with a slope for each head that favours near keys"""

# <PYTHON>
import torch


def sloped_attention_torch(query, key, value, slopes):
    """The four heads are written out in a loop, as the paper's own code does."""
    length = query.shape[1]
    place = torch.arange(length, device=query.device)
    distance = (place[:, None] - place[None, :]).abs()
    heads = []
    for head in range(query.shape[0]):
        scores = query[head] @ key[head].T * query.shape[-1] ** -0.5
        weights = torch.softmax(scores - slopes[head] * distance, dim=-1)
        heads.append(weights @ value[head])
    return torch.stack(heads)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def sloped_attention_kernel(
    query_ptr,
    key_ptr,
    value_ptr,
    slopes_ptr,
    out_ptr,
    scale,
    length,
    width,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    head = tl.program_id(1)
    base = head.to(tl.int64) * length * width
    slope = tl.load(slopes_ptr + head).to(tl.float32)
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    d = tl.arange(0, BLOCK_D)
    mask = (m[:, None] < length) & (d[None, :] < width)
    query = tl.load(query_ptr + base + m[:, None] * width + d[None, :], mask=mask, other=0.0)
    maximum = tl.full((BLOCK_M,), float("-inf"), dtype=tl.float32)
    total = tl.zeros((BLOCK_M,), dtype=tl.float32)
    accumulator = tl.zeros((BLOCK_M, BLOCK_D), dtype=tl.float32)
    for start in range(0, length, BLOCK_N):
        n = start + tl.arange(0, BLOCK_N)
        mask_n = (n[:, None] < length) & (d[None, :] < width)
        key = tl.load(key_ptr + base + n[:, None] * width + d[None, :], mask=mask_n, other=0.0)
        value = tl.load(value_ptr + base + n[:, None] * width + d[None, :], mask=mask_n, other=0.0)
        distance = tl.abs(m[:, None] - n[None, :]).to(tl.float32)
        scores = tl.dot(query, tl.trans(key)) * scale - slope * distance
        scores = tl.where(n[None, :] < length, scores, float("-inf"))
        larger = tl.maximum(maximum, tl.max(scores, axis=1))
        weights = tl.exp(scores - larger[:, None])
        correction = tl.exp(maximum - larger)
        total = total * correction + tl.sum(weights, axis=1)
        accumulator = tl.dot(weights.to(value.dtype), value, accumulator * correction[:, None])
        maximum = larger
    out = (accumulator / total[:, None]).to(tl.float16)
    tl.store(out_ptr + base + m[:, None] * width + d[None, :], out, mask=mask)


def sloped_attention_triton(query, key, value, slopes):
    query, key, value = query.contiguous(), key.contiguous(), value.contiguous()
    n_heads, length, width = query.shape
    out = torch.empty_like(query)
    sloped_attention_kernel[(triton.cdiv(length, 32), n_heads)](
        query,
        key,
        value,
        slopes.contiguous(),
        out,
        width**-0.5,
        length,
        width,
        BLOCK_M=32,
        BLOCK_N=32,
        BLOCK_D=max(16, triton.next_power_of_2(width)),
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    query, key, value = (torch.randn(4, 90, 32, device="cuda", dtype=torch.float16) for _ in range(3))
    slopes = torch.rand(4, device="cuda", dtype=torch.float16) * 0.2 + 0.02
    return query, key, value, slopes
