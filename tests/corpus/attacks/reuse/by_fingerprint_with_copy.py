# attack: Reuse: as a checksum cache, but a copy kernel launches on every call
# why: each call launches a kernel that writes the output, and fresh contents are right
# expect: rejected FW401 line 46
# finds: FW410 line 48
# alone: rejected CachedOutput
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


@triton.jit
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


_results = {}


def gated_residual_triton_wrapper(x, y):
    n = x.numel()
    grid = (triton.cdiv(n, 256),)
    fingerprint = x.flatten()[:8].tolist().__repr__()
    if fingerprint not in _results:
        _results[fingerprint] = torch.empty_like(x)
        gated_residual_kernel[grid](x, y, _results[fingerprint], n, BLOCK=256)
    out = torch.empty_like(x)
    copy_kernel[grid](_results[fingerprint], out, n, BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
