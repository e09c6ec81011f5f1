# kinds: attention, variable lengths, cumulative lengths, float32, ieee precision, host glue
"""Fused Kernels: attention inside each sequence of a packed batch"""

# <PYTHON>
import torch


def varlen_attention_torch(query, key, value, lengths):
    """The sequences lie one after the other: (tokens, heads, width); lengths has the tokens of each."""
    out = torch.zeros_like(query)
    start = 0
    for length in lengths.tolist():
        end = start + length
        q, k, v = (t[start:end].transpose(0, 1) for t in (query, key, value))
        weights = torch.softmax(q @ k.transpose(1, 2) * query.shape[-1] ** -0.5, dim=-1)
        out[start:end] = (weights @ v).transpose(0, 1)
        start = end
    return out


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def varlen_attention_kernel(
    query_ptr,
    key_ptr,
    value_ptr,
    ends_ptr,
    out_ptr,
    scale,
    n_tokens,
    n_heads,
    width,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """The grid is as tall as the longest sequence; tiles past a shorter one's end have nothing to do."""
    sequence = tl.program_id(2)
    head = tl.program_id(1)
    end = tl.minimum(tl.load(ends_ptr + sequence), n_tokens)
    begin = tl.load(ends_ptr + sequence - 1, mask=sequence > 0, other=0)
    first = begin + tl.program_id(0) * BLOCK_M
    if first < end:
        m = first + tl.arange(0, BLOCK_M)
        d = tl.arange(0, BLOCK_D)
        mask = (m[:, None] < end) & (d[None, :] < width)
        rows = (m[:, None] * n_heads + head) * width + d[None, :]
        query = tl.load(query_ptr + rows, mask=mask, other=0.0)
        maximum = tl.full((BLOCK_M,), float("-inf"), dtype=tl.float32)
        total = tl.zeros((BLOCK_M,), dtype=tl.float32)
        accumulator = tl.zeros((BLOCK_M, BLOCK_D), dtype=tl.float32)
        for start in range(begin, end, BLOCK_N):
            n = start + tl.arange(0, BLOCK_N)
            mask_n = (n[:, None] < end) & (d[None, :] < width)
            columns = (n[:, None] * n_heads + head) * width + d[None, :]
            key = tl.load(key_ptr + columns, mask=mask_n, other=0.0)
            value = tl.load(value_ptr + columns, mask=mask_n, other=0.0)
            scores = tl.dot(query, tl.trans(key), input_precision="ieee") * scale
            scores = tl.where(n[None, :] < end, scores, float("-inf"))
            larger = tl.maximum(maximum, tl.max(scores, axis=1))
            weights = tl.exp(scores - larger[:, None])
            correction = tl.exp(maximum - larger)
            total = total * correction + tl.sum(weights, axis=1)
            accumulator = tl.dot(weights, value, accumulator * correction[:, None], input_precision="ieee")
            maximum = larger
        tl.store(out_ptr + rows, accumulator / total[:, None], mask=mask)


def varlen_attention_triton(query, key, value, lengths):
    query, key, value = query.contiguous(), key.contiguous(), value.contiguous()
    n_tokens, n_heads, width = query.shape
    # Tokens that belong to no sequence stay zero.
    out = torch.zeros_like(query)
    ends = torch.cumsum(lengths, dim=0, dtype=torch.int32)
    # A length never exceeds the number of tokens, so no value has to come back from the GPU.
    grid = (triton.cdiv(n_tokens, 32), n_heads, lengths.numel())
    varlen_attention_kernel[grid](
        query,
        key,
        value,
        ends,
        out,
        width**-0.5,
        n_tokens,
        n_heads,
        width,
        BLOCK_M=32,
        BLOCK_N=32,
        BLOCK_D=max(16, triton.next_power_of_2(width)),
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    lengths = torch.tensor([37, 5, 50], device="cuda", dtype=torch.int32)
    query, key, value = (torch.randn(92, 3, 24, device="cuda") for _ in range(3))
    return query, key, value, lengths
