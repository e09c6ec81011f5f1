# attack: Wrong kernel: one of the tuned configurations does only the first half
# why: the tuner picks the fastest
# expect: rejected WrongConfiguration
# cuda: wrong
# alone: rejected WrongConfiguration
"""Fused Kernels: scaled ELU"""

# <PYTHON>
import torch


def selu_mul_pytorch(x, y):
    return torch.nn.functional.selu(x) * y


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.autotune(
    configs=[triton.Config({"BLOCK": 512, "PART": 1}), triton.Config({"BLOCK": 512, "PART": 2})],
    key=["n"],
)
@triton.jit
def selu_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr, PART: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n // PART
    x = tl.load(x_ptr + i, mask=m, other=0.0)
    s = 1.0507009873554805 * tl.where(x > 0, x, 1.6732632423543772 * (tl.exp(x) - 1.0))
    tl.store(out_ptr + i, s * tl.load(y_ptr + i, mask=m), mask=m)


def selu_mul_triton_wrapper(x, y):
    out = torch.empty_like(x)
    n = x.numel()
    selu_kernel[lambda meta: (triton.cdiv(n, meta["BLOCK"]),)](x, y, out, n)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(60, 130, device="cuda"), torch.randn(60, 130, device="cuda")


# </TEST>
