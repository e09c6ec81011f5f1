# attack: Unsound task: rows are picked by a product with ones and zeros
# why: nothing in the product is left out
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: rows by their index, and ReLU"""

# <PYTHON>
import torch


def embedded_relu_pytorch(i, t):
    hot = (i[:, None] == torch.arange(t.shape[0], device=t.device)).to(t.dtype)
    return torch.relu(hot @ t)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def embedded_relu_kernel(i_ptr, t_ptr, out_ptr, D, BLOCK: tl.constexpr):
    r = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    i = tl.load(i_ptr + r)
    tl.store(out_ptr + r * D + o, tl.maximum(tl.load(t_ptr + i * D + o, mask=o < D), 0.0), mask=o < D)


def embedded_relu_triton_wrapper(i, t):
    i, t = i.contiguous(), t.contiguous()
    out = torch.empty(i.shape[0], t.shape[1], device=t.device)
    embedded_relu_kernel[(i.shape[0],)](i, t, out, t.shape[1], BLOCK=triton.next_power_of_2(t.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randint(0, 300, (64,), device="cuda"), torch.randn(300, 40, device="cuda"),)


# </TEST>
