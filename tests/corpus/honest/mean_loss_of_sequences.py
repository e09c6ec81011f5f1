# kinds: losses, labels that are ignored
"""Fused Kernels: mean loss of each sequence, of the labels that count"""

# <PYTHON>
import torch


def masked_loss_pytorch(x, labels):
    kept = labels != -100
    safe = torch.where(kept, labels, 0)
    loss = -torch.log_softmax(x, dim=-1).gather(-1, safe[..., None])[..., 0]
    return (loss * kept).sum(-1) / kept.sum(-1).clamp(min=1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def masked_loss_kernel(x_ptr, l_ptr, out_ptr, t, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    total = 0.0
    count = 0.0
    for j in range(t):
        label = tl.load(l_ptr + row * t + j)
        x = tl.load(x_ptr + (row * t + j) * n + i, mask=i < n, other=float("-inf"))
        m = tl.max(x, axis=0)
        lse = m + tl.log(tl.sum(tl.exp(x - m), axis=0))
        picked = tl.sum(tl.where(i == label, x, 0.0), axis=0)
        kept = label != -100
        total += tl.where(kept, lse - picked, 0.0)
        count += tl.where(kept, 1.0, 0.0)
    # Where no label counts there is nothing to divide by.
    tl.store(out_ptr + row, total / tl.maximum(count, 1.0))


def masked_loss_triton_wrapper(x, labels):
    x, labels = x.contiguous(), labels.contiguous()
    b, t, n = x.shape
    out = torch.empty(b, device=x.device, dtype=x.dtype)
    masked_loss_kernel[(b,)](x, labels, out, t, n, BLOCK=triton.next_power_of_2(n))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    labels = torch.randint(0, 30, (6, 8), device="cuda")
    labels[:, ::3] = -100
    return torch.randn(6, 8, 30, device="cuda"), labels


# </TEST>
