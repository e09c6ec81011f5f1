# kinds: attention, decoding, split keys, two kernels, workspace, float32
"""Fused Kernels: attention of one query over a long cache, split among programs and then merged"""

# <PYTHON>
import torch


def split_decode_pytorch(query, key, value):
    """query is (heads, width), key and value are (heads, length, width)."""
    scores = (key @ query[:, :, None]).squeeze(-1) * query.shape[-1] ** -0.5
    weights = torch.softmax(scores, dim=-1)
    return (weights[:, None, :] @ value).squeeze(1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def partial_attention_kernel(
    query_ptr,
    key_ptr,
    value_ptr,
    partial_ptr,
    maximum_ptr,
    total_ptr,
    scale,
    length,
    width,
    n_splits,
    BLOCK_N: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    split, head = tl.program_id(0), tl.program_id(1)
    n = split * BLOCK_N + tl.arange(0, BLOCK_N)
    d = tl.arange(0, BLOCK_D)
    in_width = d < width
    mask = (n[:, None] < length) & in_width[None, :]
    offsets = (head * length + n[:, None]) * width + d[None, :]
    query = tl.load(query_ptr + head * width + d, mask=in_width, other=0.0)
    key = tl.load(key_ptr + offsets, mask=mask, other=0.0)
    value = tl.load(value_ptr + offsets, mask=mask, other=0.0)
    scores = tl.where(n < length, tl.sum(key * query[None, :], axis=1) * scale, float("-inf"))
    maximum = tl.max(scores, axis=0)
    weights = tl.exp(scores - maximum)
    part = head * n_splits + split
    tl.store(maximum_ptr + part, maximum)
    tl.store(total_ptr + part, tl.sum(weights, axis=0))
    tl.store(partial_ptr + part * width + d, tl.sum(weights[:, None] * value, axis=0), mask=in_width)


@triton.jit
def merge_kernel(
    partial_ptr,
    maximum_ptr,
    total_ptr,
    out_ptr,
    width,
    n_splits,
    SPLITS: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    head = tl.program_id(0)
    s = tl.arange(0, SPLITS)
    d = tl.arange(0, BLOCK_D)
    part = head * n_splits + s
    maximum = tl.load(maximum_ptr + part, mask=s < n_splits, other=float("-inf"))
    share = tl.exp(maximum - tl.max(maximum, axis=0))
    total = tl.sum(tl.load(total_ptr + part, mask=s < n_splits, other=0.0) * share, axis=0)
    mask = (s[:, None] < n_splits) & (d[None, :] < width)
    partial = tl.load(partial_ptr + part[:, None] * width + d[None, :], mask=mask, other=0.0)
    out = tl.sum(partial * share[:, None], axis=0) / total
    tl.store(out_ptr + head * width + d, out, mask=d < width)


def split_decode_triton_wrapper(query, key, value):
    query, key, value = query.contiguous(), key.contiguous(), value.contiguous()
    n_heads, length, width = key.shape
    n_splits = triton.cdiv(length, 64)
    block_d = triton.next_power_of_2(width)
    partial = torch.empty((n_heads, n_splits, width), device=query.device, dtype=torch.float32)
    maximum = torch.empty((n_heads, n_splits), device=query.device, dtype=torch.float32)
    total = torch.empty_like(maximum)
    out = torch.empty_like(query)
    partial_attention_kernel[(n_splits, n_heads)](
        query,
        key,
        value,
        partial,
        maximum,
        total,
        width**-0.5,
        length,
        width,
        n_splits,
        BLOCK_N=64,
        BLOCK_D=block_d,
    )
    merge_kernel[(n_heads,)](
        partial,
        maximum,
        total,
        out,
        width,
        n_splits,
        SPLITS=triton.next_power_of_2(n_splits),
        BLOCK_D=block_d,
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    query = torch.randn(6, 40, device="cuda")
    key, value = torch.randn(6, 500, 40, device="cuda"), torch.randn(6, 500, 40, device="cuda")
    return query, key, value


# </TEST>
