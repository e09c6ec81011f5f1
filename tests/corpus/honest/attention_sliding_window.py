# kinds: attention, sliding window, causal, bfloat16, autotune, scalar arguments
"""Fused Kernels: causal attention to the last few keys alone"""

# <PYTHON>
import torch


def window_attention_pytorch(query, key, value, window):
    length = query.shape[-2]
    place = torch.arange(length, device=query.device)
    distance = place[:, None] - place[None, :]
    visible = (distance >= 0) & (distance < window)
    scores = (query @ key.transpose(-1, -2)) * query.shape[-1] ** -0.5
    scores = scores.masked_fill(~visible, float("-inf"))
    return torch.softmax(scores, dim=-1) @ value


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.autotune(
    configs=[
        triton.Config({"BLOCK_M": 32, "BLOCK_N": 32}, num_warps=4, num_stages=2),
        triton.Config({"BLOCK_M": 64, "BLOCK_N": 32}, num_warps=4, num_stages=2),
    ],
    key=["length", "width", "window"],
)
@triton.jit
def window_attention_kernel(
    query_ptr,
    key_ptr,
    value_ptr,
    out_ptr,
    scale,
    window,
    length,
    width,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    first = tl.program_id(0) * BLOCK_M
    head = tl.program_id(1).to(tl.int64) * length * width
    m = first + tl.arange(0, BLOCK_M)
    d = tl.arange(0, BLOCK_D)
    mask = (m[:, None] < length) & (d[None, :] < width)
    query = tl.load(query_ptr + head + m[:, None] * width + d[None, :], mask=mask, other=0.0)
    maximum = tl.full((BLOCK_M,), float("-inf"), dtype=tl.float32)
    total = tl.zeros((BLOCK_M,), dtype=tl.float32)
    accumulator = tl.zeros((BLOCK_M, BLOCK_D), dtype=tl.float32)
    # The walk begins at the tile that holds the first row's oldest key.
    oldest = tl.maximum(first - window + 1, 0) // BLOCK_N * BLOCK_N
    for start in range(oldest, tl.minimum(first + BLOCK_M, length), BLOCK_N):
        n = start + tl.arange(0, BLOCK_N)
        mask_n = (n[:, None] < length) & (d[None, :] < width)
        offsets = head + n[:, None] * width + d[None, :]
        key = tl.load(key_ptr + offsets, mask=mask_n, other=0.0)
        value = tl.load(value_ptr + offsets, mask=mask_n, other=0.0)
        distance = m[:, None] - n[None, :]
        scores = tl.dot(query, tl.trans(key)) * scale
        scores = tl.where((distance >= 0) & (distance < window), scores, float("-inf"))
        larger = tl.maximum(maximum, tl.max(scores, axis=1))
        # A row may see no key of this tile; its maximum is then still minus infinity.
        safe = tl.where(larger == float("-inf"), 0.0, larger)
        weights = tl.exp(scores - safe[:, None])
        correction = tl.exp(maximum - safe)
        total = total * correction + tl.sum(weights, axis=1)
        accumulator = tl.dot(weights.to(value.dtype), value, accumulator * correction[:, None])
        maximum = larger
    # Rows past the end saw nothing; they are not written.
    out = accumulator / tl.where(total == 0.0, 1.0, total)[:, None]
    tl.store(out_ptr + head + m[:, None] * width + d[None, :], out.to(tl.bfloat16), mask=mask)


def window_attention_triton_wrapper(query, key, value, window):
    query, key, value = query.contiguous(), key.contiguous(), value.contiguous()
    length, width = query.shape[-2:]
    n_heads = query.numel() // (length * width)
    out = torch.empty_like(query)
    window_attention_kernel[lambda meta: (triton.cdiv(length, meta["BLOCK_M"]), n_heads)](
        query,
        key,
        value,
        out,
        width**-0.5,
        window,
        length,
        width,
        BLOCK_D=max(16, triton.next_power_of_2(width)),
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    query, key, value = (torch.randn(2, 2, 150, 32, device="cuda", dtype=torch.bfloat16) for _ in range(3))
    return query, key, value, 40


# </TEST>
