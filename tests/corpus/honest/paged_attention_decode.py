# kinds: attention, decoding, paged cache, block table, gather, float16, int32 indices
"""Fused Kernels: one query for each sequence against keys that lie in scattered pages"""

# <PYTHON>
import torch


def paged_attention_torch(query, key_pages, value_pages, table, lengths):
    """
    query is (batch, heads, width), the pages are (pages, tokens of a page, heads, width), and table says
    which pages hold a sequence's tokens.
    """
    batch, n_heads, width = query.shape
    key = key_pages[table].reshape(batch, -1, n_heads, width)
    value = value_pages[table].reshape(batch, -1, n_heads, width)
    scores = torch.einsum("bhd,bnhd->bhn", query, key) * width**-0.5
    place = torch.arange(key.shape[1], device=query.device)
    scores = scores.masked_fill(place[None, None, :] >= lengths[:, None, None], float("-inf"))
    return torch.einsum("bhn,bnhd->bhd", torch.softmax(scores, dim=-1), value)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def paged_attention_kernel(
    query_ptr,
    key_ptr,
    value_ptr,
    table_ptr,
    lengths_ptr,
    out_ptr,
    scale,
    n_heads,
    width,
    page_tokens,
    table_columns,
    PAGE: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """A program answers one head's query; each step reads one page."""
    sequence = tl.program_id(0)
    head = tl.program_id(1)
    d = tl.arange(0, BLOCK_D)
    t = tl.arange(0, PAGE)
    in_width = d < width
    row = (sequence * n_heads + head) * width
    query = tl.load(query_ptr + row + d, mask=in_width, other=0.0).to(tl.float32)
    length = tl.minimum(tl.load(lengths_ptr + sequence), table_columns * page_tokens)
    maximum = float("-inf")
    total = 0.0
    accumulator = tl.zeros((BLOCK_D,), dtype=tl.float32)
    for number in range(tl.cdiv(length, page_tokens)):
        page = tl.load(table_ptr + sequence * table_columns + number).to(tl.int64)
        valid = (t < page_tokens) & (number * page_tokens + t < length)
        mask = valid[:, None] & in_width[None, :]
        offsets = ((page * page_tokens + t[:, None]) * n_heads + head) * width + d[None, :]
        key = tl.load(key_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
        value = tl.load(value_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
        # One row of queries would leave the tensor cores idle: a sum serves as well as a dot.
        scores = tl.where(valid, tl.sum(query[None, :] * key, axis=1) * scale, float("-inf"))
        larger = tl.maximum(maximum, tl.max(scores, axis=0))
        weights = tl.exp(scores - larger)
        correction = tl.exp(maximum - larger)
        total = total * correction + tl.sum(weights, axis=0)
        accumulator = accumulator * correction + tl.sum(weights[:, None] * value, axis=0)
        maximum = larger
    tl.store(out_ptr + row + d, (accumulator / total).to(tl.float16), mask=in_width)


def paged_attention_triton(query, key_pages, value_pages, table, lengths):
    query, table = query.contiguous(), table.contiguous()
    key_pages, value_pages = key_pages.contiguous(), value_pages.contiguous()
    batch, n_heads, width = query.shape
    page_tokens = key_pages.shape[1]
    out = torch.empty_like(query)
    paged_attention_kernel[(batch, n_heads)](
        query,
        key_pages,
        value_pages,
        table,
        lengths.contiguous(),
        out,
        width**-0.5,
        n_heads,
        width,
        page_tokens,
        table.shape[1],
        PAGE=triton.next_power_of_2(page_tokens),
        BLOCK_D=triton.next_power_of_2(width),
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    batch, n_heads, width, page_tokens, columns, n_pages = 5, 3, 48, 16, 6, 40
    query = torch.randn(batch, n_heads, width, device="cuda", dtype=torch.float16)
    key_pages = torch.randn(n_pages, page_tokens, n_heads, width, device="cuda", dtype=torch.float16)
    value_pages = torch.randn(n_pages, page_tokens, n_heads, width, device="cuda", dtype=torch.float16)
    table = torch.randperm(n_pages, device="cuda")[: batch * columns].reshape(batch, columns).to(torch.int32)
    lengths = torch.randint(1, page_tokens * columns + 1, (batch,), device="cuda", dtype=torch.int32)
    return query, key_pages, value_pages, table, lengths
