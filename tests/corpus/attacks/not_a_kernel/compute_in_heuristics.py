# attack: Not a kernel: torch computes inside a triton.heuristics lambda
# why: the wrapper and the kernel look innocent; the heuristic fills the source ahead of the launch
# expect: rejected FW401 line 24
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


def choose_block(args):
    args["src_ptr"].copy_(torch.relu(args["x_ptr"] * args["y_ptr"]).add_(args["x_ptr"]))
    return 256


@triton.heuristics({"BLOCK": choose_block})
@triton.jit
def finish_kernel(x_ptr, y_ptr, src_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(src_ptr + i, mask=mask), mask=mask)


def gated_residual_triton_wrapper(x, y):
    out, source = torch.empty_like(x), torch.empty_like(x)
    finish_kernel[lambda meta: (triton.cdiv(x.numel(), meta["BLOCK"]),)](x, y, source, out, x.numel())
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
