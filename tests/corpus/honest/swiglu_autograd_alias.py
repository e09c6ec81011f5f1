# kinds: gated unit, SwiGLU, autograd.Function, backward, float32, alias of an operator
"""Fused Kernels: SiLU gate times value, with a backward kernel of its own"""

# <PYTHON>
import torch
import torch.nn.functional as F


def swiglu_gate(gate, value):
    return F.silu(gate) * value


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def swiglu_forward_kernel(gate_ptr, value_ptr, out_ptr, n_elements, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    gate = tl.load(gate_ptr + offsets, mask=mask, other=0.0)
    value = tl.load(value_ptr + offsets, mask=mask, other=0.0)
    tl.store(out_ptr + offsets, gate * tl.sigmoid(gate) * value, mask=mask)


@triton.jit
def swiglu_backward_kernel(
    grad_ptr, gate_ptr, value_ptr, grad_gate_ptr, grad_value_ptr, n_elements, BLOCK: tl.constexpr
):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    grad = tl.load(grad_ptr + offsets, mask=mask, other=0.0)
    gate = tl.load(gate_ptr + offsets, mask=mask, other=0.0)
    value = tl.load(value_ptr + offsets, mask=mask, other=0.0)
    sigmoid = tl.sigmoid(gate)
    silu = gate * sigmoid
    tl.store(grad_value_ptr + offsets, grad * silu, mask=mask)
    tl.store(grad_gate_ptr + offsets, grad * value * (sigmoid + silu * (1.0 - sigmoid)), mask=mask)


class SwigluGate(torch.autograd.Function):
    """The activation of a SwiGLU layer as autograd's operator."""

    @staticmethod
    def forward(ctx, gate, value):
        gate, value = gate.contiguous(), value.contiguous()
        ctx.save_for_backward(gate, value)
        out = torch.empty_like(gate)
        n_elements = gate.numel()
        swiglu_forward_kernel[(triton.cdiv(n_elements, 1024),)](gate, value, out, n_elements, BLOCK=1024)
        return out

    @staticmethod
    def backward(ctx, grad):
        gate, value = ctx.saved_tensors
        grad = grad.contiguous()
        grad_gate, grad_value = torch.empty_like(gate), torch.empty_like(value)
        n_elements = gate.numel()
        swiglu_backward_kernel[(triton.cdiv(n_elements, 1024),)](
            grad, gate, value, grad_gate, grad_value, n_elements, BLOCK=1024
        )
        return grad_gate, grad_value


swiglu_gate = SwigluGate.apply

# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(40, 350, device="cuda"), torch.randn(40, 350, device="cuda")


# </TEST>
