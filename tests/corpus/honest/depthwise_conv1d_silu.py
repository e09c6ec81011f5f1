# kinds: convolution, depthwise, causal, SiLU, bfloat16, static loop
"""Fused Kernels: causal depthwise convolution over time with bias and SiLU, as in state space models"""

# <PYTHON>
import torch
import torch.nn.functional as F


def causal_conv_silu_pytorch(x, taps, bias):
    """x is (batch, channels, time), taps (channels, taps)."""
    n_taps = taps.shape[1]
    padded = F.pad(x, (n_taps - 1, 0))
    return F.silu(F.conv1d(padded, taps[:, None, :], bias, groups=taps.shape[0]))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def causal_conv_silu_kernel(
    x_ptr, taps_ptr, bias_ptr, out_ptr, n_channels, n_steps, TAPS: tl.constexpr, BLOCK: tl.constexpr
):
    row = tl.program_id(0)
    channel = row % n_channels
    steps = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    total = tl.zeros((BLOCK,), dtype=tl.float32) + tl.load(bias_ptr + channel).to(tl.float32)
    for tap in tl.static_range(TAPS):
        source = steps - (TAPS - 1) + tap
        inside = (source >= 0) & (source < n_steps)
        x = tl.load(x_ptr + row * n_steps + source, mask=inside, other=0.0).to(tl.float32)
        total += x * tl.load(taps_ptr + channel * TAPS + tap).to(tl.float32)
    y = total * tl.sigmoid(total)
    tl.store(out_ptr + row * n_steps + steps, y.to(tl.bfloat16), mask=steps < n_steps)


def causal_conv_silu_triton_wrapper(x, taps, bias):
    x = x.contiguous()
    batch, n_channels, n_steps = x.shape
    out = torch.empty_like(x)
    causal_conv_silu_kernel[(batch * n_channels, triton.cdiv(n_steps, 256))](
        x, taps.contiguous(), bias.contiguous(), out, n_channels, n_steps, TAPS=taps.shape[1], BLOCK=256
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(2, 20, 300, device="cuda", dtype=torch.bfloat16)
    taps = torch.randn(20, 4, device="cuda", dtype=torch.bfloat16) * 0.5
    return x, taps, torch.randn(20, device="cuda", dtype=torch.bfloat16)


# </TEST>
