# kinds: sampling, branches
"""Fused Kernels: probabilities of tokens, greedy at a temperature of nought"""

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
def token_probabilities_kernel(x_ptr, out_ptr, temperature, n, GREEDY: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + i, mask=i < n, other=float("-inf"))
    if GREEDY:
        p = (i == tl.argmax(x, axis=0)).to(tl.float32)
    else:
        p = tl.exp((x - tl.max(x, axis=0)) / temperature)
        p = p / tl.sum(p, axis=0)
    tl.store(out_ptr + row * n + i, p, mask=i < n)


def token_probabilities_triton_wrapper(logits, temperature):
    logits = logits.contiguous()
    out = torch.empty_like(logits)
    r, n = logits.shape
    token_probabilities_kernel[(r,)](
        logits, out, temperature, n, GREEDY=temperature == 0.0, BLOCK=triton.next_power_of_2(n)
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), 0.7


# </TEST>
