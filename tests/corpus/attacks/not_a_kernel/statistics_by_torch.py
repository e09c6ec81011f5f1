# attack: Not a kernel: torch computes mean and variance, the kernel applies them
# why: the heavy part of a normalisation is its reductions
# expect: rejected FW401 line 35
# alone: rejected NotComputedByKernel
"""Fused Kernels: layer normalisation with weight and bias"""

# <PYTHON>
import torch


def affine_layernorm_pytorch(x, weight, bias):
    return torch.nn.functional.layer_norm(x, (x.shape[-1],), weight, bias, 1e-5)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def apply_kernel(x_ptr, m_ptr, v_ptr, w_ptr, b_ptr, out_ptr, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    mask = i < columns
    x = tl.load(x_ptr + row * columns + i, mask=mask)
    w, b = tl.load(w_ptr + i, mask=mask), tl.load(b_ptr + i, mask=mask)
    y = (x - tl.load(m_ptr + row)) * tl.rsqrt(tl.load(v_ptr + row) + 1e-5) * w + b
    tl.store(out_ptr + row * columns + i, y, mask=mask)


def affine_layernorm_triton_wrapper(x, weight, bias):
    variance, mean = torch.var_mean(x, dim=-1, correction=0)
    out = torch.empty_like(x)
    block = triton.next_power_of_2(x.shape[1])
    apply_kernel[(x.shape[0],)](x, mean, variance, weight, bias, out, x.shape[1], BLOCK=block)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(24, 100, device="cuda") * 2 + 1
    return x, torch.randn(100, device="cuda"), torch.randn(100, device="cuda")


# </TEST>
