# kinds: focal loss, loss, elementwise, sigmoid, float32, scalar arguments, keyword arguments
"""Fused Kernels: sigmoid focal loss of a detector's logits"""

# <PYTHON>
import torch
import torch.nn.functional as F


def focal_loss_pytorch(logits, targets, alpha, gamma):
    probability = torch.sigmoid(logits)
    cross_entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    right = probability * targets + (1.0 - probability) * (1.0 - targets)
    weight = alpha * targets + (1.0 - alpha) * (1.0 - targets)
    return weight * (1.0 - right) ** gamma * cross_entropy


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def focal_loss_kernel(logits_ptr, targets_ptr, out_ptr, alpha, gamma, n_elements, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    x = tl.load(logits_ptr + offsets, mask=mask, other=0.0)
    target = tl.load(targets_ptr + offsets, mask=mask, other=0.0)
    # log(1 + exp(-|x|)) keeps the cross-entropy exact where the sigmoid is 0 or 1.
    cross_entropy = tl.maximum(x, 0.0) - x * target + tl.log(1.0 + tl.exp(-tl.abs(x)))
    probability = tl.sigmoid(x)
    wrong = probability * (1.0 - target) + (1.0 - probability) * target
    weight = alpha * target + (1.0 - alpha) * (1.0 - target)
    # A power by exp2 and log2; a probability of exactly zero has the power zero.
    power = tl.where(wrong > 0.0, tl.exp2(gamma * tl.log2(tl.maximum(wrong, 1e-38))), 0.0)
    tl.store(out_ptr + offsets, weight * power * cross_entropy, mask=mask)


def focal_loss_triton_wrapper(logits, targets, alpha, gamma):
    logits, targets = logits.contiguous(), targets.contiguous()
    out = torch.empty_like(logits)
    n_elements = logits.numel()
    focal_loss_kernel[(triton.cdiv(n_elements, 1024),)](
        logits, targets, out, alpha, gamma, n_elements, BLOCK=1024
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return {
        "logits": torch.randn(300, 40, device="cuda") * 2.0,
        "targets": (torch.rand(300, 40, device="cuda") < 0.1).float(),
        "alpha": 0.25,
        "gamma": 2.0,
    }


# </TEST>
