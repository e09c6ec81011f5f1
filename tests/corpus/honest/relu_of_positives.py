# kinds: elementwise, ReLU, positive inputs, output equals input for most elements, float32, zero-size guard
"""Fused Kernels: threshold small magnitudes of a spectrogram to zero, keep the others"""

# <PYTHON>
import torch
import torch.nn.functional as F


def noise_gate(magnitude, floor):
    """Magnitudes are never negative, so the rectifier leaves nearly all of them alone."""
    rectified = F.relu(magnitude)
    return torch.where(rectified < floor, torch.zeros_like(rectified), rectified)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def noise_gate_kernel(magnitude_ptr, out_ptr, floor, n_elements, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    magnitude = tl.load(magnitude_ptr + offsets, mask=mask, other=0.0)
    rectified = tl.where(magnitude < 0.0, 0.0, magnitude)
    tl.store(out_ptr + offsets, tl.where(rectified < floor, 0.0, rectified), mask=mask)


def noise_gate(magnitude, floor):
    magnitude = magnitude.contiguous()
    out = torch.empty_like(magnitude)
    n_elements = magnitude.numel()
    if n_elements == 0:
        # A grid of no programs is an error of the driver.
        return out
    noise_gate_kernel[(triton.cdiv(n_elements, 2048),)](magnitude, out, floor, n_elements, BLOCK=2048)
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.rand(4, 129, 50, device="cuda") + 0.02, 0.05
