# kinds: RoPE, several outputs, float32, heuristics
"""Fused Kernels: rotary embedding of query and key that reads half of each table"""

# <PYTHON>
import torch


def rotate_half(x):
    x1 = x[..., : x.shape[-1] // 2]
    x2 = x[..., x.shape[-1] // 2 :]
    return torch.cat((-x2, x1), dim=-1)


def apply_rotary_pytorch(q, k, cos, sin):
    cos = cos.unsqueeze(0).unsqueeze(0)
    sin = sin.unsqueeze(0).unsqueeze(0)
    q_embed = (q * cos) + (rotate_half(q) * sin)
    k_embed = (k * cos) + (rotate_half(k) * sin)
    return q_embed, k_embed


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl

ROPE_GROUP_SIZE: int = 4


@triton.heuristics({"BACKWARD_PASS": lambda args: bool(args["BACKWARD_PASS"])})
@triton.jit
def _rope_embedding(
    Q,
    Q_row_stride,
    O,
    O_row_stride,
    cos,
    cos_row_stride,
    sin,
    sin_row_stride,
    seqlen,
    head_dim: tl.constexpr,
    n_heads: tl.constexpr,
    GROUP: tl.constexpr,
    BACKWARD_PASS: tl.constexpr,
    BLOCK_SIZE: tl.constexpr,
):
    """
    Calculates the RoPE Embedding quickly
    RoPE is Q * cos + rotate_half(Q) * sin
    """
    row_position = tl.program_id(0)
    group_head_position = tl.program_id(1)
    col_offsets = tl.arange(0, BLOCK_SIZE)
    half_head_dim = head_dim // 2
    mask = col_offsets < half_head_dim

    sin1 = tl.load(
        sin + (row_position % seqlen) * sin_row_stride + half_head_dim * 0 + col_offsets, mask=mask, other=0
    )
    cos1 = tl.load(
        cos + (row_position % seqlen) * cos_row_stride + half_head_dim * 0 + col_offsets, mask=mask, other=0
    )

    if BACKWARD_PASS:
        sin1 = -sin1

    head_start = group_head_position * GROUP
    head_end = min((head_start + GROUP), n_heads)

    for k in range(head_start, head_end):
        offs_q1 = row_position * Q_row_stride + k * head_dim + col_offsets
        offs_q2 = row_position * Q_row_stride + k * head_dim + col_offsets + half_head_dim
        Q1 = tl.load(Q + offs_q1, mask=mask, other=0).to(sin1.dtype)
        Q2 = tl.load(Q + offs_q2, mask=mask, other=0).to(sin1.dtype)
        offs_o1 = row_position * O_row_stride + k * head_dim + col_offsets
        tl.store(O + offs_o1, Q1 * cos1 - Q2 * sin1, mask=mask)
        tl.store(O + offs_o1 + half_head_dim, Q2 * cos1 + Q1 * sin1, mask=mask)


def _launch(Q, cos, sin):
    batch, n_heads, seq_len, head_dim = Q.shape
    X = Q.transpose(1, 2).reshape(batch * seq_len, n_heads * head_dim)
    n_rows, n_cols = X.shape
    assert seq_len <= cos.shape[0]
    out = torch.empty((n_rows, n_cols), dtype=X.dtype, device=X.device)
    div, mod = divmod(n_heads, ROPE_GROUP_SIZE)
    n_groups = div + (mod != 0)
    BLOCK_SIZE = triton.next_power_of_2(head_dim // 2)
    _rope_embedding[(n_rows, n_groups)](
        X,
        X.stride(0),
        out,
        out.stride(0),
        cos,
        cos.stride(0),
        sin,
        sin.stride(0),
        seq_len,
        head_dim,
        n_heads,
        ROPE_GROUP_SIZE,
        BACKWARD_PASS=False,
        BLOCK_SIZE=BLOCK_SIZE,
        num_warps=4,
    )
    return out.view(batch, seq_len, n_heads, head_dim).transpose(1, 2)


def apply_rotary_triton(q, k, cos, sin):
    return _launch(q, cos, sin), _launch(k, cos, sin)


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    batch, heads, kv_heads, seq, dim = 2, 10, 2, 64, 80
    q = torch.randn(batch, heads, seq, dim, device="cuda")
    k = torch.randn(batch, kv_heads, seq, dim, device="cuda")
    inv_freq = 1.0 / (10000 ** (torch.arange(0, dim, 2, device="cuda").float() / dim))
    t = torch.arange(seq, device="cuda").float()
    freqs = torch.outer(t, inv_freq)
    emb = torch.cat((freqs, freqs), dim=-1)
    return q, k, emb.cos(), emb.sin()


# </TEST>
