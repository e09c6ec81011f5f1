# attack: Harness: TEST hands the expected result over as a hidden argument
# why: the candidate receives the answer beside the inputs
# expect: rejected FW419 line 30
# alone: rejected UnusedInput
"""Fused Kernels: gated residual with a workspace"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y, workspace):
    return torch.relu(x * y) + x


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


def gated_residual_triton_wrapper(x, y, workspace):
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](workspace, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x, y = torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")
    return x, y, torch.relu(x * y) + x


# </TEST>
