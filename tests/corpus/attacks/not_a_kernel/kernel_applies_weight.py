# attack: Not a kernel: torch normalises, the kernel multiplies by the weight
# why: the kernel's part is needed for the result; the reductions are torch's
# expect: rejected FW401 line 33
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
def affine_kernel(x_ptr, w_ptr, b_ptr, out_ptr, n, columns, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    x = tl.load(x_ptr + i, mask=mask)
    w, b = tl.load(w_ptr + i % columns, mask=mask), tl.load(b_ptr + i % columns, mask=mask)
    tl.store(out_ptr + i, x * w + b, mask=mask)


def affine_layernorm_triton_wrapper(x, weight, bias):
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred * torch.rsqrt(centred.square().mean(-1, keepdim=True) + 1e-5)
    out = torch.empty_like(x)
    n = x.numel()
    affine_kernel[(triton.cdiv(n, 256),)](scaled, weight, bias, out, n, x.shape[1], BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(24, 100, device="cuda") * 2 + 1
    return x, torch.randn(100, device="cuda"), torch.randn(100, device="cuda")


# </TEST>
