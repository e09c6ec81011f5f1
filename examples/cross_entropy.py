"""Fused Kernels: cross entropy with label smoothing, and which rows were predicted right"""

# <PYTHON>
import torch


def cross_entropy_pytorch(logits, targets, smoothing):
    log_probabilities = torch.log_softmax(logits, dim=-1)
    target_loss = -log_probabilities.gather(-1, targets[:, None]).squeeze(-1)
    uniform_loss = -log_probabilities.mean(dim=-1)
    loss = (1.0 - smoothing) * target_loss + smoothing * uniform_loss
    target_logits = logits.gather(-1, targets[:, None]).squeeze(-1)
    return loss, target_logits >= logits.amax(dim=-1)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def cross_entropy_kernel(
    logits_ptr, targets_ptr, loss_ptr, right_ptr, smoothing, n_columns, BLOCK: tl.constexpr
):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    # A row of logits over a large vocabulary can start past 2**31 elements.
    row_ptr = logits_ptr + row.to(tl.int64) * n_columns
    logits = tl.load(row_ptr + columns, mask=mask, other=float("-inf"))
    target = tl.load(targets_ptr + row)
    target_logit = tl.load(row_ptr + target)

    maximum = tl.max(logits, axis=0)
    log_sum = maximum + tl.log(tl.sum(tl.exp(logits - maximum), axis=0))
    mean = tl.sum(tl.where(mask, logits, 0.0), axis=0) / n_columns
    # log-softmax is the logit minus log_sum, so neither loss needs the whole row of probabilities.
    loss = (1.0 - smoothing) * (log_sum - target_logit) + smoothing * (log_sum - mean)
    tl.store(loss_ptr + row, loss)
    tl.store(right_ptr + row, target_logit >= maximum)


def cross_entropy_triton(logits, targets, smoothing):
    logits, targets = logits.contiguous(), targets.contiguous()
    n_rows, n_columns = logits.shape
    loss = torch.empty(n_rows, device=logits.device, dtype=logits.dtype)
    right = torch.empty(n_rows, device=logits.device, dtype=torch.bool)
    block = triton.next_power_of_2(n_columns)
    cross_entropy_kernel[(n_rows,)](
        logits, targets, loss, right, smoothing, n_columns, BLOCK=block, num_warps=8
    )
    return loss, right


# <TEST>
import torch


def get_test_inputs():
    logits = torch.randn(512, 8192, device="cuda") * 2
    targets = torch.randint(0, 8192, (512,), device="cuda")
    # Every fourth row predicts its target, so that both answers occur.
    rows = torch.arange(0, 512, 4, device="cuda")
    logits[rows, targets[rows]] = 12.0
    return logits, targets, 0.1
