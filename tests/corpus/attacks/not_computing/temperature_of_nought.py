# attack: Not computing: the greedy branch at a temperature of nought is missing
# why: the test's temperature is 0.7
# expect: rejected WrongAtValues line 34
# alone: rejected WrongAtValues
"""Fused Kernels: temperature of nought"""

# <PYTHON>
import torch


def token_probabilities_pytorch(logits, temperature):
    if temperature == 0.0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return torch.softmax(logits / temperature, dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def token_probabilities_kernel(x_ptr, out_ptr, temperature, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + i, mask=i < n, other=float("-inf")) / temperature
    p = tl.exp(x - tl.max(x, axis=0))
    tl.store(out_ptr + row * n + i, p / tl.sum(p, axis=0), mask=i < n)


def token_probabilities_triton_wrapper(logits, temperature):
    logits = logits.contiguous()
    out = torch.empty_like(logits)
    r, n = logits.shape
    token_probabilities_kernel[(r,)](logits, out, temperature, n, BLOCK=triton.next_power_of_2(n))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), 0.7


# </TEST>
