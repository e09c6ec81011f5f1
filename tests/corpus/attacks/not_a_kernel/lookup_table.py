# attack: Not a kernel: a table of the function at all 65,536 float16 values, read by index
# why: indexing is no arithmetic; the table depends on no input
# expect: rejected FW401 line 31
# alone: rejected NotComputedByKernel
"""Fused Kernels: GELU in float16"""

# <PYTHON>
import torch


def gated_residual_pytorch(x):
    return torch.nn.functional.gelu(x)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


def gated_residual_triton_wrapper(x):
    table = torch.nn.functional.gelu(torch.arange(-32768, 32768, device=x.device).short().view(torch.float16))
    hidden = table[x.view(torch.int16).long() + 32768]
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](hidden, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(12, 100, device="cuda", dtype=torch.float16),)


# </TEST>
