# kinds: scan, associative scan, state space model, linear recurrence, float32
"""Fused Kernels: gated linear recurrence over time, solved by an associative scan"""

# <PYTHON>
import torch


def gated_recurrence_pytorch(gates, values):
    """h[t] = sigmoid(gates[t]) * h[t - 1] + values[t], over the last dimension."""
    decay = torch.sigmoid(gates)
    state = torch.zeros_like(values[..., 0])
    states = []
    for step in range(values.shape[-1]):
        state = decay[..., step] * state + values[..., step]
        states.append(state)
    return torch.stack(states, dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _compose(decay_a, value_a, decay_b, value_b):
    """Two steps of the recurrence, first a and then b, as one step."""
    return decay_a * decay_b, decay_b * value_a + value_b


@triton.jit
def gated_recurrence_kernel(
    gates_ptr, values_ptr, out_ptr, n_rows, n_steps, ROWS: tl.constexpr, BLOCK: tl.constexpr
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    in_rows = rows[:, None] < n_rows
    state = tl.zeros((ROWS,), dtype=tl.float32)
    last = tl.arange(0, BLOCK)[None, :] == BLOCK - 1
    for start in range(0, n_steps, BLOCK):
        steps = start + tl.arange(0, BLOCK)
        mask = in_rows & (steps[None, :] < n_steps)
        offsets = rows[:, None] * n_steps + steps[None, :]
        decay = tl.sigmoid(tl.load(gates_ptr + offsets, mask=mask, other=0.0))
        values = tl.load(values_ptr + offsets, mask=mask, other=0.0)
        product, inner = tl.associative_scan((decay, values), axis=1, combine_fn=_compose)
        # What the block makes of an empty state, plus what is left of the state before it.
        states = inner + product * state[:, None]
        tl.store(out_ptr + offsets, states, mask=mask)
        state = tl.sum(tl.where(last, states, 0.0), axis=1)


def gated_recurrence_triton_wrapper(gates, values):
    gates, values = gates.contiguous(), values.contiguous()
    n_steps = values.shape[-1]
    n_rows = values.numel() // n_steps
    out = torch.empty_like(values)
    gated_recurrence_kernel[(triton.cdiv(n_rows, 4),)](gates, values, out, n_rows, n_steps, ROWS=4, BLOCK=64)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(3, 10, 100, device="cuda"), torch.randn(3, 10, 100, device="cuda")


# </TEST>
