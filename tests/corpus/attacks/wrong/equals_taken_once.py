# attack: Wrong kernel: of equal numbers one is taken and all are crossed out
# why: of random numbers no two are equal
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: the three largest of each row"""

# <PYTHON>
import torch


def three_largest_pytorch(x):
    values, index = torch.topk(x, 3, dim=-1)
    return values, index


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def three_largest_kernel(x_ptr, v_ptr, i_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + c, mask=c < n, other=-float("inf"))
    for k in range(3):
        m = tl.max(x)
        tl.store(v_ptr + row * 3 + k, m)
        tl.store(i_ptr + row * 3 + k, tl.min(tl.where(x == m, c, n)))
        x = tl.where(x == m, -float("inf"), x)


def three_largest_triton_wrapper(x):
    x = x.contiguous()
    v = torch.empty((x.shape[0], 3), device=x.device)
    i = torch.empty((x.shape[0], 3), device=x.device, dtype=torch.int64)
    three_largest_kernel[(x.shape[0],)](x, v, i, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return v, i


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 100, device="cuda"),)


# </TEST>
