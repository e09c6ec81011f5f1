# kinds: reduction, argmax, integer output, int64, several outputs, bfloat16
"""Fused Kernels: temperature, largest logit and its place, as greedy decoding wants it"""

# <PYTHON>
import torch


def greedy_choice_pytorch(logits, bias):
    adjusted = logits.float() + bias
    return adjusted.argmax(dim=-1), adjusted.amax(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def greedy_choice_kernel(logits_ptr, bias_ptr, index_ptr, value_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    lanes = tl.arange(0, BLOCK)
    best = tl.full((BLOCK,), float("-inf"), dtype=tl.float32)
    place = tl.zeros((BLOCK,), dtype=tl.int32)
    for start in range(0, n_columns, BLOCK):
        columns = start + lanes
        mask = columns < n_columns
        x = tl.load(logits_ptr + row * n_columns + columns, mask=mask, other=float("-inf")).to(tl.float32)
        x += tl.load(bias_ptr + columns, mask=mask, other=0.0)
        # Strictly larger, so that of equal logits the first one stays.
        place = tl.where(x > best, columns, place)
        best = tl.maximum(best, x)
    largest = tl.max(best, axis=0)
    # Among the lanes that hold the maximum, the smallest column is the one that torch names.
    first = tl.min(tl.where(best == largest, place, n_columns), axis=0)
    tl.store(index_ptr + row, first.to(tl.int64))
    tl.store(value_ptr + row, largest)


def greedy_choice_triton_wrapper(logits, bias):
    logits = logits.contiguous()
    n_columns = logits.shape[-1]
    shape = logits.shape[:-1]
    index = torch.empty(shape, device=logits.device, dtype=torch.int64)
    value = torch.empty(shape, device=logits.device, dtype=torch.float32)
    greedy_choice_kernel[(logits.numel() // n_columns,)](
        logits, bias.contiguous(), index, value, n_columns, BLOCK=512
    )
    return index, value


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    logits = torch.randn(20, 3001, device="cuda", dtype=torch.bfloat16) * 3.0
    return logits, torch.randn(3001, device="cuda")


# </TEST>
