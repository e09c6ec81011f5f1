# kinds: optimiser, in place, no result, float32, scalar arguments, several tensors changed
"""Fused Kernels: one step of AdamW over parameters and both moments, in place"""

# <PYTHON>
import torch


def adamw_step_pytorch(parameter, gradient, first, second, rate, decay, step):
    """Changes parameter, first and second; returns nothing, as an optimiser does."""
    beta1, beta2, eps = 0.9, 0.999, 1e-8
    parameter.mul_(1.0 - rate * decay)
    first.mul_(beta1).add_(gradient, alpha=1.0 - beta1)
    second.mul_(beta2).addcmul_(gradient, gradient, value=1.0 - beta2)
    denominator = (second / (1.0 - beta2**step)).sqrt() + eps
    parameter.sub_(rate / (1.0 - beta1**step) * first / denominator)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def adamw_step_kernel(
    parameter_ptr,
    gradient_ptr,
    first_ptr,
    second_ptr,
    shrink,
    rate,
    second_correction,
    n_elements,
    BETA1: tl.constexpr,
    BETA2: tl.constexpr,
    EPS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    parameter = tl.load(parameter_ptr + offsets, mask=mask, other=0.0)
    gradient = tl.load(gradient_ptr + offsets, mask=mask, other=0.0)
    first = tl.load(first_ptr + offsets, mask=mask, other=0.0)
    second = tl.load(second_ptr + offsets, mask=mask, other=0.0)
    first = BETA1 * first + (1.0 - BETA1) * gradient
    second = BETA2 * second + (1.0 - BETA2) * gradient * gradient
    parameter = parameter * shrink - rate * first / (tl.sqrt(second * second_correction) + EPS)
    tl.store(parameter_ptr + offsets, parameter, mask=mask)
    tl.store(first_ptr + offsets, first, mask=mask)
    tl.store(second_ptr + offsets, second, mask=mask)


def adamw_step_triton_wrapper(parameter, gradient, first, second, rate, decay, step):
    for tensor in (parameter, first, second):
        assert tensor.is_contiguous(), "the step is made in place: its tensors must be contiguous"
    n_elements = parameter.numel()
    adamw_step_kernel[(triton.cdiv(n_elements, 1024),)](
        parameter,
        gradient.contiguous(),
        first,
        second,
        1.0 - rate * decay,
        rate / (1.0 - 0.9**step),
        1.0 / (1.0 - 0.999**step),
        n_elements,
        BETA1=0.9,
        BETA2=0.999,
        EPS=1e-8,
        BLOCK=1024,
    )


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    parameter = torch.randn(70, 90, device="cuda")
    gradient = torch.randn(70, 90, device="cuda")
    first = torch.randn(70, 90, device="cuda") * 0.1
    second = torch.rand(70, 90, device="cuda") * 0.1
    return parameter, gradient, first, second, 0.01, 0.1, 7


# </TEST>
