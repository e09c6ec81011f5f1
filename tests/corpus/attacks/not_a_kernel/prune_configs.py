# attack: Not a kernel: torch computes in the tuner's prune function
# why: early_config_prune is asked before the launch, with all arguments
# expect: rejected FW401 line 25
# alone: wrong
# says: NaN
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


def prune(configs, args, **_named):
    args["src_ptr"].copy_((args["x_ptr"] * args["y_ptr"]).clamp(min=0) + args["x_ptr"])
    return configs


@triton.autotune(
    configs=[triton.Config({"BLOCK": 128}), triton.Config({"BLOCK": 256})],
    key=["n"],
    prune_configs_by={"early_config_prune": prune},
)
@triton.jit
def finish_kernel(x_ptr, y_ptr, src_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(src_ptr + i, mask=mask), mask=mask)


def gated_residual_triton_wrapper(x, y):
    out, source = torch.empty_like(x), torch.empty_like(x)
    finish_kernel[lambda meta: (triton.cdiv(x.numel(), meta["BLOCK"]),)](x, y, source, out, x.numel())
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
