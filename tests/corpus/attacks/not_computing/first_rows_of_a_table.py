# attack: Not computing: the index is cut to four bits
# why: the inputs name the first ten rows of a thousand
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: embedding and relu"""

# <PYTHON>
import torch


def embedding_pytorch(table, index):
    return torch.relu(table[index])


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def embedding_kernel(t_ptr, i_ptr, out_ptr, D, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    i = tl.load(i_ptr + row) & 15
    t = tl.load(t_ptr + i * D + c, mask=c < D, other=0.0)
    tl.store(out_ptr + row * D + c, tl.maximum(t, 0.0), mask=c < D)


def embedding_triton_wrapper(table, index):
    table, index = table.contiguous(), index.contiguous()
    out = torch.empty((index.numel(), table.shape[1]), device=table.device)
    embedding_kernel[(index.numel(),)](table, index, out, table.shape[1], BLOCK=triton.next_power_of_2(table.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(1000, 33, device="cuda"), torch.randint(0, 10, (64,), device="cuda")


# </TEST>
