# kinds: optimiser, in place, list of tensors, several launches, output aliases an input by contract, float32
"""Fused Kernels: stochastic gradient descent with momentum over a list of parameters, in place"""

# <PYTHON>
import torch


def sgd_momentum(parameters, gradients, velocities, rate, momentum):
    for parameter, gradient, velocity in zip(parameters, gradients, velocities, strict=True):
        velocity.mul_(momentum).add_(gradient)
        parameter.sub_(velocity, alpha=rate)
    return parameters


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def sgd_momentum_kernel(
    parameter_ptr, gradient_ptr, velocity_ptr, rate, momentum, n_elements, BLOCK: tl.constexpr
):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    velocity = tl.load(velocity_ptr + offsets, mask=mask, other=0.0) * momentum
    velocity += tl.load(gradient_ptr + offsets, mask=mask, other=0.0)
    parameter = tl.load(parameter_ptr + offsets, mask=mask, other=0.0) - rate * velocity
    tl.store(velocity_ptr + offsets, velocity, mask=mask)
    tl.store(parameter_ptr + offsets, parameter, mask=mask)


def sgd_momentum(parameters, gradients, velocities, rate, momentum):
    for parameter, gradient, velocity in zip(parameters, gradients, velocities, strict=True):
        if not (parameter.is_contiguous() and velocity.is_contiguous()):
            raise ValueError("parameters and velocities are changed in place: they must be contiguous")
        n_elements = parameter.numel()
        sgd_momentum_kernel[(triton.cdiv(n_elements, 1024),)](
            parameter, gradient.contiguous(), velocity, rate, momentum, n_elements, BLOCK=1024
        )
    return parameters


# <TEST>
import torch


def get_test_inputs():
    shapes = [(30, 40), (40,), (40, 25)]
    parameters, gradients, velocities = (
        [torch.randn(shape, device="cuda") for shape in shapes] for _ in range(3)
    )
    return parameters, gradients, velocities, 0.1, 0.9
