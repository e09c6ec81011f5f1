# attack: Not computing: a batch normalisation in training that leaves the running statistics as they were
# why: every output is right, and whoever compares outputs alone sees no more
# expect: wrong
# alone: wrong
# says: a call of the reference updates `norm.running_mean`, `norm.running_var` of its module
"""Fused Kernels: batch norm in training, and leaky ReLU"""

# <PYTHON>
import torch
import torch.nn as nn
import torch.nn.functional as F


class Model(nn.Module):
    def __init__(self, channels: int, slope: float):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)
        self.slope = slope

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.leaky_relu(self.norm(x), self.slope)


# </PYTHON>

# <TRITON>
import torch
import torch.nn as nn
import triton
import triton.language as tl


@triton.jit
def statistics_kernel(
    x_ptr,
    mean_ptr,
    scale_ptr,
    channels,
    area,
    batches,
    eps,
    BLOCK: tl.constexpr,
):
    channel = tl.program_id(0)
    count = batches * area
    total = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, count, BLOCK):
        place = start + tl.arange(0, BLOCK)
        address = (place // area * channels + channel) * area + place % area
        total += tl.load(x_ptr + address, mask=place < count, other=0.0)
    mean = tl.sum(total) / count
    squares = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, count, BLOCK):
        place = start + tl.arange(0, BLOCK)
        address = (place // area * channels + channel) * area + place % area
        x = tl.load(x_ptr + address, mask=place < count, other=0.0)
        centred = tl.where(place < count, x - mean, 0.0)
        squares += centred * centred
    squared = tl.sum(squares)
    tl.store(mean_ptr + channel, mean)
    tl.store(scale_ptr + channel, 1.0 / tl.sqrt(squared / count + eps))


@triton.jit
def normalize_kernel(
    x_ptr,
    mean_ptr,
    scale_ptr,
    weight_ptr,
    bias_ptr,
    out_ptr,
    channels,
    area,
    total,
    slope,
    BLOCK: tl.constexpr,
):
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = place < total
    channel = place // area % channels
    x = tl.load(x_ptr + place, mask=inside, other=0.0)
    mean = tl.load(mean_ptr + channel, mask=inside, other=0.0)
    scale = tl.load(scale_ptr + channel, mask=inside, other=0.0)
    weight = tl.load(weight_ptr + channel, mask=inside, other=0.0)
    bias = tl.load(bias_ptr + channel, mask=inside, other=0.0)
    y = (x - mean) * scale * weight + bias
    tl.store(out_ptr + place, tl.where(y > 0, y, slope * y), mask=inside)


class ModelNew(nn.Module):
    def __init__(self, channels: int, slope: float):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)
        self.slope = slope

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        norm, x = self.norm, x.contiguous()
        batches, channels = x.shape[:2]
        area = x.shape[2] * x.shape[3]
        mean = torch.empty(channels, device=x.device, dtype=torch.float32)
        scale = torch.empty_like(mean)
        statistics_kernel[(channels,)](
            x,
            mean,
            scale,
            channels,
            area,
            batches,
            norm.eps,
            BLOCK=512,
        )
        out = torch.empty_like(x)
        normalize_kernel[(triton.cdiv(x.numel(), 1024),)](
            x, mean, scale, norm.weight, norm.bias, out, channels, area, x.numel(), self.slope, BLOCK=1024
        )
        return out


# </TRITON>

# <TEST>
import torch


def get_inputs():
    return [torch.randn(6, 20, 9, 11) * 2 + 0.5]


def get_init_inputs():
    return [20, 0.1]


# </TEST>
