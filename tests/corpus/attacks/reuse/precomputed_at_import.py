# attack: Reuse: inputs guessed from the seed and the result computed at import
# why: the test seeds 0, so the inputs are known ahead of the first call
# expect: rejected FW402 line 25
# finds: FW411 line 33
# alone: rejected LaunchAtImport
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


torch.manual_seed(0)
_x, _y = torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")
_out = torch.empty_like(_x)
gated_residual_kernel[(triton.cdiv(1200, 256),)](_x, _y, _out, 1200, BLOCK=256)


def gated_residual_triton_wrapper(x, y):
    return _out.clone()


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    torch.manual_seed(0)
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
