# attack: Not computing: weight and bias never read, because the test's are ones and zeros
# why: fresh parameters are ones and zeros, so reading them changes nothing
# expect: rejected FW419 line 34
# alone: rejected WrongAtValues
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
def affine_layernorm_kernel(x_ptr, w_ptr, b_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=0.0)
    centred = tl.where(mask, x - tl.sum(x, axis=0) / n_columns, 0.0)
    variance = tl.sum(centred * centred, axis=0) / n_columns
    tl.store(out_ptr + row * n_columns + columns, centred * tl.rsqrt(variance + 1e-5), mask=mask)


def affine_layernorm_triton_wrapper(x, weight, bias):
    out = torch.empty_like(x)
    n_rows, n_columns = x.shape
    affine_layernorm_kernel[(n_rows,)](
        x, weight, bias, out, n_columns, BLOCK=triton.next_power_of_2(n_columns)
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(24, 100, device="cuda") * 2 + 1
    return x, torch.ones(100, device="cuda"), torch.zeros(100, device="cuda")


# </TEST>
