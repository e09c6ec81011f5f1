# kinds: elementwise, optional argument, text argument, dtype argument, nested input, float32 to bfloat16
"""Fused Kernels: scale, optional bias, activation by name and a cast, as a library's layer has them"""

# <PYTHON>
import torch
import torch.nn.functional as F


def flexible_layer_pytorch(x, parameters, activation, dtype, out_scale=None):
    """parameters holds "scale" and "bias", and the bias may be None."""
    y = x * parameters["scale"]
    if parameters["bias"] is not None:
        y = y + parameters["bias"]
    y = F.silu(y) if activation == "silu" else F.relu(y)
    if out_scale is not None:
        y = y * out_scale
    return y.to(dtype)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def flexible_layer_kernel(
    x_ptr,
    scale_ptr,
    bias_ptr,
    out_ptr,
    out_scale,
    n_columns,
    n_elements,
    ACTIVATION: tl.constexpr,
    HAS_BIAS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    column = offsets % n_columns
    y = tl.load(x_ptr + offsets, mask=mask, other=0.0) * tl.load(scale_ptr + column, mask=mask, other=0.0)
    if HAS_BIAS:
        y += tl.load(bias_ptr + column, mask=mask, other=0.0)
    if ACTIVATION == "silu":
        y = y * tl.sigmoid(y)
    else:
        y = tl.where(y < 0.0, 0.0, y)
    tl.store(out_ptr + offsets, (y * out_scale).to(out_ptr.dtype.element_ty), mask=mask)


def flexible_layer_triton_wrapper(x, parameters, activation, dtype, out_scale=None):
    if activation not in ("silu", "relu"):
        raise ValueError(f"an activation is silu or relu, not {activation}")
    x, scale, bias = x.contiguous(), parameters["scale"].contiguous(), parameters["bias"]
    out = torch.empty(x.shape, device=x.device, dtype=dtype)
    n_elements = x.numel()
    flexible_layer_kernel[(triton.cdiv(n_elements, 1024),)](
        x,
        scale,
        None if bias is None else bias.contiguous(),
        out,
        1.0 if out_scale is None else out_scale,
        x.shape[-1],
        n_elements,
        ACTIVATION=activation,
        HAS_BIAS=bias is not None,
        BLOCK=1024,
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    parameters = {"scale": torch.randn(90, device="cuda"), "bias": None}
    return torch.randn(70, 90, device="cuda"), parameters, "silu", torch.bfloat16


# </TEST>
