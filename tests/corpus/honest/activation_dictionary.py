# kinds: elementwise, several activations, several outputs, dictionary output, float32, nested kernels
"""Fused Kernels: ELU, hard swish and soft sign of one tensor, from one read"""

# <PYTHON>
import torch
import torch.nn.functional as F


def activation_dictionary_pytorch(x, alpha):
    return {
        "elu": F.elu(x, alpha),
        "hardswish": F.hardswish(x),
        "softsign": F.softsign(x),
    }


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _elu(x, alpha):
    # The exponential of a positive lane is never used, so it may not overflow either.
    return tl.where(x > 0.0, x, alpha * (tl.exp(tl.minimum(x, 0.0)) - 1.0))


@triton.jit
def _hardswish(x):
    return x * tl.minimum(tl.maximum(x + 3.0, 0.0), 6.0) / 6.0


@triton.jit
def activations_kernel(x_ptr, elu_ptr, hardswish_ptr, softsign_ptr, alpha, n_elements, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    tl.store(elu_ptr + offsets, _elu(x, alpha), mask=mask)
    tl.store(hardswish_ptr + offsets, _hardswish(x), mask=mask)
    tl.store(softsign_ptr + offsets, x / (1.0 + tl.abs(x)), mask=mask)


def activation_dictionary_triton_wrapper(x, alpha):
    x = x.contiguous()
    elu, hardswish, softsign = (torch.empty_like(x) for _ in range(3))
    n_elements = x.numel()
    activations_kernel[(triton.cdiv(n_elements, 1024),)](
        x, elu, hardswish, softsign, alpha, n_elements, BLOCK=1024
    )
    return {"elu": elu, "hardswish": hardswish, "softsign": softsign}


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(48, 333, device="cuda") * 3.0, 0.75


# </TEST>
