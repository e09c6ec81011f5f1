"""Fused Kernels: causal attention, from the scores to the weighted values, in one pass"""

# <PYTHON>
import torch


def causal_attention_pytorch(query, key, value):
    """Five steps, four of them over a (sequence, sequence) matrix for every head."""
    length = query.shape[-2]
    scores = query @ key.transpose(-1, -2)
    scores = scores * query.shape[-1] ** -0.5
    future = torch.ones(length, length, device=query.device, dtype=torch.bool).triu(1)
    scores = scores.masked_fill(future, float("-inf"))
    return torch.softmax(scores, dim=-1) @ value


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def causal_attention_kernel(
    query_ptr,
    key_ptr,
    value_ptr,
    out_ptr,
    scale,
    length,
    width,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """
    A program makes BLOCK_M rows of one head's output. It walks the keys once and keeps, for each row, the
    maximum and the sum seen so far; when the maximum grows, what was summed before is scaled down.
    """
    first = tl.program_id(0) * BLOCK_M
    head = tl.program_id(1).to(tl.int64) * length * width
    m = first + tl.arange(0, BLOCK_M)
    n = tl.arange(0, BLOCK_N)
    d = tl.arange(0, BLOCK_D)
    in_width = d < width
    mask_m = (m[:, None] < length) & in_width[None, :]
    query = tl.load(query_ptr + head + m[:, None] * width + d[None, :], mask=mask_m, other=0.0)

    maximum = tl.full((BLOCK_M,), float("-inf"), dtype=tl.float32)
    total = tl.zeros((BLOCK_M,), dtype=tl.float32)
    accumulator = tl.zeros((BLOCK_M, BLOCK_D), dtype=tl.float32)
    # Keys after the program's last row are in its future: the walk stops before them.
    for start in range(0, tl.minimum(first + BLOCK_M, length), BLOCK_N):
        columns = start + n
        mask_n = (columns[:, None] < length) & in_width[None, :]
        offsets = head + columns[:, None] * width + d[None, :]
        key = tl.load(key_ptr + offsets, mask=mask_n, other=0.0)
        value = tl.load(value_ptr + offsets, mask=mask_n, other=0.0)
        scores = tl.dot(query, tl.trans(key)) * scale
        visible = (columns[None, :] <= m[:, None]) & (columns[None, :] < length)
        scores = tl.where(visible, scores, float("-inf"))
        new_maximum = tl.maximum(maximum, tl.max(scores, axis=1))
        weights = tl.exp(scores - new_maximum[:, None])
        correction = tl.exp(maximum - new_maximum)
        total = total * correction + tl.sum(weights, axis=1)
        accumulator = accumulator * correction[:, None]
        accumulator = tl.dot(weights.to(value.dtype), value, accumulator)
        maximum = new_maximum
    out = accumulator / total[:, None]
    tl.store(out_ptr + head + m[:, None] * width + d[None, :], out, mask=mask_m)


def causal_attention_triton_wrapper(query, key, value):
    """query, key and value are (..., sequence, width) of one shape."""
    query, key, value = query.contiguous(), key.contiguous(), value.contiguous()
    length, width = query.shape[-2:]
    n_heads = query.numel() // (length * width)
    out = torch.empty_like(query)
    # A dot wants at least 16 elements in the dimension that it sums over.
    block_d = max(16, triton.next_power_of_2(width))
    causal_attention_kernel[(triton.cdiv(length, 64), n_heads)](
        query,
        key,
        value,
        out,
        width**-0.5,
        length,
        width,
        BLOCK_M=64,
        BLOCK_N=64,
        BLOCK_D=block_d,
        num_warps=4,
        num_stages=2,
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    shape = (1, 16, 512, 64)
    query = torch.randn(shape, device="cuda", dtype=torch.float16)
    key = torch.randn(shape, device="cuda", dtype=torch.float16)
    value = torch.randn(shape, device="cuda", dtype=torch.float16)
    return query, key, value


# </TEST>
