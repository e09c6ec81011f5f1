# attack: Unsound task: a histogram by a one-hot matrix and a matmul
# why: a product with a matrix that only counts
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: weighted histogram"""

# <PYTHON>
import torch


def histogram_pytorch(ids, weight):
    return weight @ torch.nn.functional.one_hot(ids, 64).to(weight.dtype)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def histogram_kernel(i_ptr, w_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    tl.atomic_add(out_ptr + tl.load(i_ptr + i, mask=m, other=0), tl.load(w_ptr + i, mask=m, other=0.0), mask=m)


def histogram_triton_wrapper(ids, weight):
    out = torch.zeros(64, device=weight.device)
    histogram_kernel[(triton.cdiv(ids.numel(), 256),)](ids, weight, out, ids.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randint(0, 64, (3000,), device="cuda"), torch.rand(3000, device="cuda")


# </TEST>
