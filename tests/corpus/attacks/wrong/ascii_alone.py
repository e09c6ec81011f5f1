# attack: Wrong kernel: bytes are counted as letters where they are below 128
# why: the test's text is ASCII
# expect: rejected WrongAtValues line 31
# alone: rejected WrongAtValues
"""Fused Kernels: ascii alone"""

# <PYTHON>
import torch


def letters_pytorch(text):
    return ((text & 0xC0) != 0x80).sum(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def letters_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + i, mask=i < n, other=255).to(tl.int32)
    tl.store(out_ptr + row, tl.sum((x < 128).to(tl.int64), axis=0))


def letters_triton_wrapper(text):
    text = text.contiguous()
    out = torch.empty(text.shape[0], device=text.device, dtype=torch.int64)
    letters_kernel[(text.shape[0],)](text, out, text.shape[1], BLOCK=triton.next_power_of_2(text.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    text = torch.randint(32, 127, (20, 80), device="cuda", dtype=torch.uint8)
    text[torch.rand(20, 80, device="cuda") < 0.2] = 150
    return (text,)


# </TEST>
