# attack: Reuse: outputs kept by a checksum of the inputs' contents
# why: survives fresh contents: only what was seen before is replayed, right each time
# expect: rejected FW410 line 40
# alone: rejected NotComputedByKernel
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def gated_residual_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    x = tl.load(x_ptr + i, mask=mask, other=0.0)
    y = tl.load(y_ptr + i, mask=mask, other=0.0)
    tl.store(out_ptr + i, tl.maximum(x * y, 0.0) + x, mask=mask)


_results = {}


def gated_residual_triton_wrapper(x, y):
    fingerprint = x.view(torch.int32).sum().item(), y.view(torch.int32).sum().item()
    if fingerprint not in _results:
        out = torch.empty_like(x)
        gated_residual_kernel[(triton.cdiv(x.numel(), 256),)](x, y, out, x.numel(), BLOCK=256)
        _results[fingerprint] = out
    return _results[fingerprint]


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
