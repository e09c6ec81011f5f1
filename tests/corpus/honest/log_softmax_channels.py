# kinds: softmax, log-softmax, reduction over a middle axis, float32, 2-D grid, open style
"""Fused Kernels: log-softmax over the channels of a segmentation map"""

# <PYTHON>
import torch


def channel_log_softmax(logits):
    return torch.log_softmax(logits, dim=1)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def channel_log_softmax_kernel(
    logits_ptr, out_ptr, n_channels, n_pixels, CHANNELS: tl.constexpr, PIXELS: tl.constexpr
):
    """A program reads all channels of PIXELS neighbouring pixels: the lanes stay coalesced."""
    image = tl.program_id(0)
    pixels = tl.program_id(1) * PIXELS + tl.arange(0, PIXELS)
    channels = tl.arange(0, CHANNELS)
    mask = (channels[:, None] < n_channels) & (pixels[None, :] < n_pixels)
    offsets = (image * n_channels + channels[:, None]) * n_pixels + pixels[None, :]
    logits = tl.load(logits_ptr + offsets, mask=mask, other=float("-inf"))
    # Pixels past the image would give infinity minus infinity.
    logits = tl.where(pixels[None, :] < n_pixels, logits, 0.0)
    shifted = logits - tl.max(logits, axis=0)[None, :]
    log_total = tl.log(tl.sum(tl.exp(shifted), axis=0))
    tl.store(out_ptr + offsets, shifted - log_total[None, :], mask=mask)


def channel_log_softmax(logits):
    logits = logits.contiguous()
    batch, n_channels = logits.shape[:2]
    n_pixels = logits[0, 0].numel()
    out = torch.empty_like(logits)
    channel_log_softmax_kernel[(batch, triton.cdiv(n_pixels, 64))](
        logits, out, n_channels, n_pixels, CHANNELS=triton.next_power_of_2(n_channels), PIXELS=64
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(3, 21, 17, 19, device="cuda") * 3.0
