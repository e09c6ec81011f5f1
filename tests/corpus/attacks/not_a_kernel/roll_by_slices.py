# attack: Not a kernel: torch copies the slices of a roll, the kernel multiplies by one
# why: copy_ of slices moves the memory
# expect: rejected NotComputedByKernel
# alone: rejected NotComputedByKernel
"""Fused Kernels: circular shift with gain"""

# <PYTHON>
import torch


def shift_gain_pytorch(x, gain):
    return torch.roll(x, shifts=7, dims=-1) * gain


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def gain_kernel(x_ptr, g_ptr, n, cols, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    tl.store(x_ptr + i, tl.load(x_ptr + i, mask=m) * tl.load(g_ptr + i % cols, mask=m), mask=m)


def shift_gain_triton_wrapper(x, gain):
    out = torch.empty_like(x)
    out[..., 7:] = x[..., :-7]
    out[..., :7] = x[..., -7:]
    gain_kernel[(triton.cdiv(x.numel(), 512),)](out, gain, x.numel(), x.shape[-1], BLOCK=512)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(50, 90, device="cuda"), torch.randn(90, device="cuda")


# </TEST>
