# kinds: reduction, atomics, zeros and atomic additions, scalar output, float16
"""Fused Kernels: mean squared error of two tensors, gathered by atomic additions"""

# <PYTHON>
import torch


def mean_squared_error_torch(prediction, target):
    difference = prediction.float() - target.float()
    return difference.square().mean()


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def mean_squared_error_kernel(
    prediction_ptr, target_ptr, out_ptr, inverse_count, n_elements, BLOCK: tl.constexpr
):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    prediction = tl.load(prediction_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
    target = tl.load(target_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
    difference = prediction - target
    tl.atomic_add(out_ptr, tl.sum(difference * difference, axis=0) * inverse_count)


def mean_squared_error_triton(prediction, target):
    assert prediction.shape == target.shape, "prediction and target must have one shape"
    prediction, target = prediction.contiguous(), target.contiguous()
    # Atomic additions need something to add to.
    out = torch.zeros((), device=prediction.device, dtype=torch.float32)
    n_elements = prediction.numel()
    mean_squared_error_kernel[(triton.cdiv(n_elements, 2048),)](
        prediction, target, out, 1.0 / n_elements, n_elements, BLOCK=2048
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    prediction = torch.randn(90, 333, device="cuda", dtype=torch.float16)
    target = torch.randn(90, 333, device="cuda", dtype=torch.float16)
    return prediction, target
