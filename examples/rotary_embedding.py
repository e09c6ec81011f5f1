"""Fused Kernels: rotary position embedding, with its gradient"""

# <PYTHON>
import torch


def rotary(x, cos, sin):
    """Turn each pair (x[i], x[i + half]) by its position's angle; x is (batch, position, head, width)."""
    first, second = x.chunk(2, dim=-1)
    cos = cos[None, :, None, :]
    sin = sin[None, :, None, :]
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def rotary_kernel(
    x_ptr,
    cos_ptr,
    sin_ptr,
    out_ptr,
    n_rows,
    n_positions,
    n_heads,
    half,
    BACKWARD: tl.constexpr,
    ROWS: tl.constexpr,
    HALF: tl.constexpr,
):
    """A row is one head at one position; a program turns ROWS of them."""
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    pairs = tl.arange(0, HALF)
    mask = (rows[:, None] < n_rows) & (pairs[None, :] < half)
    position = (rows // n_heads) % n_positions
    angles = position[:, None] * half + pairs[None, :]
    cos = tl.load(cos_ptr + angles, mask=mask, other=0.0).to(tl.float32)
    sin = tl.load(sin_ptr + angles, mask=mask, other=0.0).to(tl.float32)
    if BACKWARD:
        # A rotation's gradient is the rotation by the opposite angle.
        sin = -sin

    first_offsets = rows[:, None] * (2 * half) + pairs[None, :]
    first = tl.load(x_ptr + first_offsets, mask=mask, other=0.0).to(tl.float32)
    second = tl.load(x_ptr + first_offsets + half, mask=mask, other=0.0).to(tl.float32)
    tl.store(out_ptr + first_offsets, first * cos - second * sin, mask=mask)
    tl.store(out_ptr + first_offsets + half, second * cos + first * sin, mask=mask)


def _turn(x, cos, sin, backward):
    x = x.contiguous()
    _, n_positions, n_heads, width = x.shape
    half = width // 2
    out = torch.empty_like(x)
    n_rows = x.numel() // width
    rotary_kernel[(triton.cdiv(n_rows, 128),)](
        x,
        cos.contiguous(),
        sin.contiguous(),
        out,
        n_rows,
        n_positions,
        n_heads,
        half,
        BACKWARD=backward,
        ROWS=128,
        HALF=triton.next_power_of_2(half),
        num_warps=8,
    )
    return out


class RotaryEmbedding(torch.autograd.Function):
    """The kernel as an operator that autograd knows."""

    @staticmethod
    def forward(ctx, x, cos, sin):
        ctx.save_for_backward(cos, sin)
        return _turn(x, cos, sin, backward=False)

    @staticmethod
    def backward(ctx, gradient):
        cos, sin = ctx.saved_tensors
        return _turn(gradient, cos, sin, backward=True), None, None


rotary = RotaryEmbedding.apply

# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(4, 512, 16, 64, device="cuda", dtype=torch.float16)
    frequencies = 10000.0 ** (-torch.arange(0, 32, device="cuda") / 32.0)
    # Counting from 1: position 0 has the sine 0 everywhere, which would hide a wrong sign.
    angles = torch.arange(1, 513, device="cuda")[:, None] * frequencies[None, :]
    return x, angles.cos().to(torch.float16), angles.sin().to(torch.float16)


# </TEST>
