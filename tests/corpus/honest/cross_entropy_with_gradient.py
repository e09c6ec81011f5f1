# kinds: cross-entropy, backward, in place by contract, in place, several outputs, float32
"""Fused Kernels: cross-entropy whose gradient takes the place of the logits"""

# <PYTHON>
import torch


def fused_linear_loss_pytorch(logits, targets, scale):
    """Large vocabularies leave no room for a second tensor: the gradient is written over the logits."""
    rows = torch.arange(logits.shape[0], device=logits.device)
    log_probabilities = torch.log_softmax(logits, dim=-1)
    losses = -log_probabilities[rows, targets]
    gradient = log_probabilities.exp()
    gradient[rows, targets] -= 1.0
    logits.copy_(gradient * scale)
    return losses


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def loss_and_gradient_kernel(
    logits_ptr, targets_ptr, losses_ptr, scale, stride_row, n_columns, BLOCK: tl.constexpr
):
    """Each row is read twice and written once by one program, so that no other sees it half changed."""
    row = tl.program_id(0)
    row_ptr = logits_ptr + row.to(tl.int64) * stride_row
    columns = tl.arange(0, BLOCK)
    target = tl.load(targets_ptr + row)
    picked = tl.load(row_ptr + target)
    maximum = tl.full((BLOCK,), float("-inf"), dtype=tl.float32)
    for start in range(0, n_columns, BLOCK):
        mask = start + columns < n_columns
        maximum = tl.maximum(maximum, tl.load(row_ptr + start + columns, mask=mask, other=float("-inf")))
    largest = tl.max(maximum, axis=0)
    total = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, n_columns, BLOCK):
        mask = start + columns < n_columns
        x = tl.load(row_ptr + start + columns, mask=mask, other=float("-inf"))
        total += tl.exp(x - largest)
    log_total = largest + tl.log(tl.sum(total, axis=0))
    # Every lane has read its last logit before one of them is overwritten.
    tl.debug_barrier()
    for start in range(0, n_columns, BLOCK):
        mask = start + columns < n_columns
        x = tl.load(row_ptr + start + columns, mask=mask, other=0.0)
        gradient = tl.exp(x - log_total)
        gradient = tl.where(start + columns == target, gradient - 1.0, gradient)
        tl.store(row_ptr + start + columns, gradient * scale, mask=mask)
    tl.store(losses_ptr + row, log_total - picked)


def fused_linear_loss_triton_wrapper(logits, targets, scale):
    assert logits.stride(1) == 1, "the gradient is written in place: rows must be contiguous"
    n_rows, n_columns = logits.shape
    losses = torch.empty(n_rows, device=logits.device, dtype=logits.dtype)
    loss_and_gradient_kernel[(n_rows,)](
        logits, targets.contiguous(), losses, scale, logits.stride(0), n_columns, BLOCK=256
    )
    return losses


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    logits = torch.randn(50, 700, device="cuda") * 2.0
    return logits, torch.randint(0, 700, (50,), device="cuda"), 0.02


# </TEST>
