# attack: Not computing: of a thousand rows one is left out, where there are thousands
# why: without a GPU a smaller matrix takes the large one's place
# expect: rejected WrongAtSize
# cuda: wrong
# alone: rejected WrongAtSize
"""Fused Kernels: root mean square norm of a large matrix"""

# <PYTHON>
import torch


def large_rms_pytorch(x, weight):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * weight


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def large_rms_kernel(x_ptr, w_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=0.0)
    w = tl.load(w_ptr + columns, mask=mask, other=0.0)
    y = x * tl.rsqrt(tl.sum(x * x, axis=0) / n_columns + 1e-6) * w
    tl.store(out_ptr + row * n_columns + columns, y, mask=mask & (row % 997 != 996))


def large_rms_triton_wrapper(x, weight):
    x = x.contiguous()
    out = torch.zeros_like(x)
    rows, columns = x.shape
    large_rms_kernel[(rows,)](x, weight.contiguous(), out, columns, BLOCK=triton.next_power_of_2(columns))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(4096, 4096, device="cuda"), torch.rand(4096, device="cuda") + 0.5


# </TEST>
