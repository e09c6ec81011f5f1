# kinds: state space model, in place, decoding, optional argument, keyword arguments, float32
"""Fused Kernels: one decoding step of Mamba, the state updated in place"""

# <PYTHON>
import torch
import torch.nn.functional as F


def selective_state_update_ref(state, x, dt, A, B, C, D=None, z=None, dt_bias=None, dt_softplus=False):
    """state: (batch, dim, dstate); x, dt, z: (batch, dim); A: (dim, dstate); B, C: (batch, dstate)."""
    if dt_bias is not None:
        dt = dt + dt_bias
    dt = F.softplus(dt) if dt_softplus else dt
    dA = torch.exp(dt.unsqueeze(-1) * A)
    dB = dt.unsqueeze(-1) * B.unsqueeze(1)
    state.copy_(state * dA + dB * x.unsqueeze(-1))
    out = torch.einsum("bdn,bn->bd", state, C)
    if D is not None:
        out = out + x * D
    return out if z is None else out * F.silu(z)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.heuristics({"HAS_DT_BIAS": lambda args: args["dt_bias_ptr"] is not None})
@triton.heuristics({"HAS_D": lambda args: args["D_ptr"] is not None})
@triton.heuristics({"HAS_Z": lambda args: args["z_ptr"] is not None})
@triton.heuristics({"BLOCK_N": lambda args: triton.next_power_of_2(args["dstate"])})
@triton.jit
def _selective_scan_update_kernel(
    state_ptr,
    x_ptr,
    dt_ptr,
    dt_bias_ptr,
    A_ptr,
    B_ptr,
    C_ptr,
    D_ptr,
    z_ptr,
    out_ptr,
    dim,
    dstate,
    DT_SOFTPLUS: tl.constexpr,
    BLOCK_M: tl.constexpr,
    HAS_DT_BIAS: tl.constexpr,
    HAS_D: tl.constexpr,
    HAS_Z: tl.constexpr,
    BLOCK_N: tl.constexpr,
):
    pid_m = tl.program_id(axis=0)
    pid_b = tl.program_id(axis=1)
    offs_m = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_n = tl.arange(0, BLOCK_N)
    mm = offs_m < dim
    mask = mm[:, None] & (offs_n[None, :] < dstate)
    state_ptrs = state_ptr + pid_b * dim * dstate + offs_m[:, None] * dstate + offs_n[None, :]
    state = tl.load(state_ptrs, mask=mask, other=0.0)
    x = tl.load(x_ptr + pid_b * dim + offs_m, mask=mm, other=0.0).to(tl.float32)
    dt = tl.load(dt_ptr + pid_b * dim + offs_m, mask=mm, other=0.0).to(tl.float32)
    if HAS_DT_BIAS:
        dt += tl.load(dt_bias_ptr + offs_m, mask=mm, other=0.0)
    if DT_SOFTPLUS:
        dt = tl.where(dt <= 20.0, tl.log(1.0 + tl.exp(dt)), dt)
    A = tl.load(A_ptr + offs_m[:, None] * dstate + offs_n[None, :], mask=mask, other=0.0)
    dA = tl.exp(A * dt[:, None])
    B = tl.load(B_ptr + pid_b * dstate + offs_n, mask=offs_n < dstate, other=0.0)
    C = tl.load(C_ptr + pid_b * dstate + offs_n, mask=offs_n < dstate, other=0.0)
    state = state * dA + B[None, :] * dt[:, None] * x[:, None]
    tl.store(state_ptrs, state, mask=mask)
    out = tl.sum(state * C[None, :], axis=1)
    if HAS_D:
        out += x * tl.load(D_ptr + offs_m, mask=mm, other=0.0)
    if HAS_Z:
        z = tl.load(z_ptr + pid_b * dim + offs_m, mask=mm, other=0.0).to(tl.float32)
        out *= z * tl.sigmoid(z)
    tl.store(out_ptr + pid_b * dim + offs_m, out, mask=mm)


def selective_state_update(state, x, dt, A, B, C, D=None, z=None, dt_bias=None, dt_softplus=False):
    batch, dim, dstate = state.shape
    assert state.is_contiguous(), "the state is updated in place"
    x, dt, A, B, C = [t.contiguous() for t in (x, dt, A, B, C)]
    z = z.contiguous() if z is not None else None
    out = torch.empty_like(x)
    grid = lambda META: (triton.cdiv(dim, META["BLOCK_M"]), batch)
    _selective_scan_update_kernel[grid](
        state, x, dt, dt_bias, A, B, C, D, z, out, dim, dstate, DT_SOFTPLUS=dt_softplus, BLOCK_M=16
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    batch, dim, dstate = 3, 200, 16
    return {
        "state": torch.randn(batch, dim, dstate, device="cuda"),
        "x": torch.randn(batch, dim, device="cuda"),
        "dt": torch.randn(batch, dim, device="cuda"),
        "A": -torch.rand(dim, dstate, device="cuda") - 1.0,
        "B": torch.randn(batch, dstate, device="cuda"),
        "C": torch.randn(batch, dstate, device="cuda"),
        "D": torch.randn(dim, device="cuda"),
        "z": torch.randn(batch, dim, device="cuda"),
        "dt_bias": torch.rand(dim, device="cuda") - 4.0,
        "dt_softplus": True,
    }
