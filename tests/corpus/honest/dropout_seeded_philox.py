# kinds: dropout, random numbers by seed, several outputs, float32, integer arithmetic, bias, scalar arguments
"""Fused Kernels: bias and dropout whose random numbers are Philox's, from a seed that is an input"""

# <PYTHON>
import torch

_WORD = 0xFFFFFFFF


def _multiply(a, b):
    """High and low word of a product of two 32-bit numbers; int64 has no room for all 64 bits of it."""
    high_a, low_a = a >> 16, a & 0xFFFF
    high_b, low_b = b >> 16, b & 0xFFFF
    middle = high_a * low_b + (low_a * low_b >> 16)
    other = low_a * high_b + (middle & 0xFFFF)
    return high_a * high_b + (middle >> 16) + (other >> 16), (other << 16 | low_a * low_b & 0xFFFF) & _WORD


def _philox(seed, counter):
    """The first word of Philox 4x32-10 for each counter."""
    c0, c1, c2, c3 = counter, torch.zeros_like(counter), torch.zeros_like(counter), torch.zeros_like(counter)
    k0, k1 = seed & _WORD, seed >> 32 & _WORD
    for _ in range(10):
        high_a, low_a = _multiply(torch.full_like(c0, 0xD2511F53), c0)
        high_b, low_b = _multiply(torch.full_like(c2, 0xCD9E8D57), c2)
        c0, c1, c2, c3 = high_b ^ c1 ^ k0, low_b, high_a ^ c3 ^ k1, low_a
        k0, k1 = k0 + 0x9E3779B9 & _WORD, k1 + 0xBB67AE85 & _WORD
    return c0


def bias_dropout_torch(x, bias, seed, probability):
    """The seed is an argument: the same call gives the same mask each time."""
    counter = torch.arange(x.numel(), device=x.device).view(x.shape)
    signed = _philox(seed, counter).to(torch.int32)
    positive = torch.where(signed < 0, -signed - 1, signed)
    # A number is kept if its uniform is above the probability.
    keep = positive.to(torch.float32) * 4.6566127342e-10 > probability
    return torch.where(keep, (x + bias) / (1.0 - probability), torch.zeros_like(x)), keep


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def bias_dropout_kernel(
    x_ptr, bias_ptr, out_ptr, keep_ptr, seed, probability, n_columns, n_elements, BLOCK: tl.constexpr
):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    bias = tl.load(bias_ptr + offsets % n_columns, mask=mask, other=0.0)
    keep = tl.rand(seed, offsets) > probability
    tl.store(out_ptr + offsets, tl.where(keep, (x + bias) / (1.0 - probability), 0.0), mask=mask)
    tl.store(keep_ptr + offsets, keep, mask=mask)


def bias_dropout_triton(x, bias, seed, probability):
    x = x.contiguous()
    out = torch.empty_like(x)
    keep = torch.empty(x.shape, device=x.device, dtype=torch.bool)
    n_elements = x.numel()
    bias_dropout_kernel[(triton.cdiv(n_elements, 1024),)](
        x, bias.contiguous(), out, keep, seed, probability, x.shape[-1], n_elements, BLOCK=1024
    )
    return out, keep


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(50, 120, device="cuda"), torch.randn(120, device="cuda"), 20240607, 0.3
