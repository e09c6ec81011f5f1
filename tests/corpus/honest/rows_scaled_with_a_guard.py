# kinds: quantization, reductions
"""Fused Kernels: scale of each row by its largest element, guarded"""

# <PYTHON>
import torch


def quantise_rows_pytorch(x):
    scale = x.abs().amax(dim=-1, keepdim=True).clamp(min=1e-8) / 127.0
    return x / scale, scale


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def quantise_rows_kernel(x_ptr, out_ptr, s_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + i, mask=i < n, other=0.0)
    scale = tl.maximum(tl.max(tl.abs(x), axis=0), 1e-8) / 127.0
    tl.store(out_ptr + row * n + i, x / scale, mask=i < n)
    tl.store(s_ptr + row, scale)


def quantise_rows_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    s = torch.empty((x.shape[0], 1), device=x.device, dtype=x.dtype)
    quantise_rows_kernel[(x.shape[0],)](x, out, s, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out, s


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(32, 90, device="cuda"),)


# </TEST>
