# attack: Wrong kernel: int8 products are accumulated in int16
# why: the test's numbers are small
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: int8 matrix product to int32"""

# <PYTHON>
import torch


def int8_matmul_pytorch(a, b):
    return (a.to(torch.float64) @ b.to(torch.float64)).to(torch.int32)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def int8_kernel(a_ptr, b_ptr, out_ptr, rows, cols, inner, BM: tl.constexpr, BN: tl.constexpr):
    r = tl.program_id(0) * BM + tl.arange(0, BM)
    c = tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros((BM, BN), dtype=tl.int16)
    for k in range(0, inner):
        a = tl.load(a_ptr + r * inner + k, mask=r < rows, other=0).to(tl.int16)
        b = tl.load(b_ptr + k * cols + c, mask=c < cols, other=0).to(tl.int16)
        acc += a[:, None] * b[None, :]
    tl.store(out_ptr + r[:, None] * cols + c[None, :], acc.to(tl.int32), mask=(r[:, None] < rows) & (c[None, :] < cols))


def int8_matmul_triton_wrapper(a, b):
    rows, inner = a.shape
    cols = b.shape[1]
    out = torch.empty(rows, cols, device=a.device, dtype=torch.int32)
    int8_kernel[(triton.cdiv(rows, 32), triton.cdiv(cols, 32))](a, b, out, rows, cols, inner, BM=32, BN=32)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    a = torch.randint(-8, 8, (40, 64), device="cuda", dtype=torch.int8)
    return a, torch.randint(-8, 8, (64, 50), device="cuda", dtype=torch.int8)


# </TEST>
