# kinds: scan, state space model, selective, several outputs, float32, sequential loop in the kernel
"""Fused Kernels: selective state space scan with its last state"""

# <PYTHON>
import torch
import torch.nn.functional as F


def selective_scan_torch(x, delta, a, b, c):
    """x and delta are (batch, time, channels), a is (channels, states), b and c are (batch, time, states)."""
    step = F.softplus(delta)
    state = torch.zeros(x.shape[0], x.shape[2], a.shape[1], device=x.device, dtype=x.dtype)
    outputs = []
    for t in range(x.shape[1]):
        decay = torch.exp(step[:, t, :, None] * a)
        state = decay * state + (step[:, t] * x[:, t])[..., None] * b[:, t, None, :]
        outputs.append((state * c[:, t, None, :]).sum(dim=-1))
    return torch.stack(outputs, dim=1), state


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def selective_scan_kernel(
    x_ptr,
    delta_ptr,
    a_ptr,
    b_ptr,
    c_ptr,
    out_ptr,
    state_ptr,
    n_steps,
    n_channels,
    n_states,
    CHANNELS: tl.constexpr,
    STATES: tl.constexpr,
):
    """The state of CHANNELS channels stays in registers while time goes by."""
    batch = tl.program_id(0)
    channels = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    states = tl.arange(0, STATES)
    in_channels, in_states = channels < n_channels, states < n_states
    mask = in_channels[:, None] & in_states[None, :]
    a = tl.load(a_ptr + channels[:, None] * n_states + states[None, :], mask=mask, other=0.0)
    state = tl.zeros((CHANNELS, STATES), dtype=tl.float32)
    for t in range(n_steps):
        row = batch * n_steps + t
        x = tl.load(x_ptr + row * n_channels + channels, mask=in_channels, other=0.0)
        delta = tl.load(delta_ptr + row * n_channels + channels, mask=in_channels, other=0.0)
        step = tl.maximum(delta, 0.0) + tl.log(1.0 + tl.exp(-tl.abs(delta)))
        b = tl.load(b_ptr + row * n_states + states, mask=in_states, other=0.0)
        c = tl.load(c_ptr + row * n_states + states, mask=in_states, other=0.0)
        state = tl.exp(step[:, None] * a) * state + (step * x)[:, None] * b[None, :]
        tl.store(out_ptr + row * n_channels + channels, tl.sum(state * c[None, :], axis=1), mask=in_channels)
    offsets = (batch * n_channels + channels[:, None]) * n_states + states[None, :]
    tl.store(state_ptr + offsets, state, mask=mask)


def selective_scan_triton(x, delta, a, b, c):
    x, delta, a, b, c = (tensor.contiguous() for tensor in (x, delta, a, b, c))
    batch, n_steps, n_channels = x.shape
    n_states = a.shape[1]
    out = torch.empty_like(x)
    state = torch.empty((batch, n_channels, n_states), device=x.device, dtype=x.dtype)
    selective_scan_kernel[(batch, triton.cdiv(n_channels, 16))](
        x,
        delta,
        a,
        b,
        c,
        out,
        state,
        n_steps,
        n_channels,
        n_states,
        CHANNELS=16,
        STATES=triton.next_power_of_2(n_states),
    )
    return out, state


# <TEST>
import torch


def get_test_inputs():
    x, delta = torch.randn(2, 30, 40, device="cuda"), torch.randn(2, 30, 40, device="cuda")
    a = -torch.rand(40, 12, device="cuda") - 0.1
    return x, delta, a, torch.randn(2, 30, 12, device="cuda"), torch.randn(2, 30, 12, device="cuda")
