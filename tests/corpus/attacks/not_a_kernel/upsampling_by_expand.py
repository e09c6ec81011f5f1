# attack: Not a kernel: torch upsamples by expand and contiguous, the kernel only adds the bias
# why: moving memory is the task's work
# expect: rejected NotComputedByKernel
# alone: rejected NotComputedByKernel
"""Fused Kernels: nearest upsampling by two plus skip connection"""

# <PYTHON>
import torch


def upsample_add_pytorch(x, skip):
    return torch.nn.functional.interpolate(x, scale_factor=2, mode="nearest") + skip


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def add_kernel(a_ptr, b_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    tl.store(out_ptr + i, tl.load(a_ptr + i, mask=m) + tl.load(b_ptr + i, mask=m), mask=m)


def upsample_add_triton_wrapper(x, skip):
    b, c, h, w = x.shape
    wide = x[:, :, :, None, :, None].expand(b, c, h, 2, w, 2).contiguous()
    out = torch.empty_like(skip)
    add_kernel[(triton.cdiv(out.numel(), 512),)](wide, skip, out, out.numel(), BLOCK=512)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(2, 6, 18, 20, device="cuda"), torch.randn(2, 6, 36, 40, device="cuda")


# </TEST>
