"""Fused Kernels: dropout mask and add"""

# <PYTHON>
import torch

def fused_kernel_pytorch(x, residual, keep):
    return torch.where(keep, x / 0.9, torch.zeros_like(x)) + residual
# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl

@triton.jit
def fused_kernel_triton(x_ptr, residual_ptr, keep_ptr, out_ptr, size, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    x = tl.load(x_ptr + at, mask=inside) / 0.9
    keep = tl.load(keep_ptr + at, mask=inside, other=0)
    tl.store(out_ptr + at, tl.where(keep != 0, x, 0.0) + tl.load(residual_ptr + at, mask=inside), mask=inside)

def fused_kernel_triton_wrapper(x, residual, keep):
    out = torch.empty_like(x)
    fused_kernel_triton[(triton.cdiv(x.numel(), 1024),)](x, residual, keep, out, x.numel(), BLOCK=1024)
    return out
# </TRITON>

# <TEST>
import torch
import time

def test_performance(pytorch_func, triton_func, inputs, num_runs=50):
    def time_it(func):
        start = time.perf_counter()
        for _ in range(num_runs):
            result = func(*inputs)
        torch.cuda.synchronize()
        return result, time.perf_counter() - start

    return time_it(pytorch_func), time_it(triton_func)
# </TEST>

import sys

def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1 << 20
    x = torch.randn(size, device="cuda")
    keep = torch.rand(size, device="cuda") > 0.1
    return test_performance(fused_kernel_pytorch, fused_kernel_triton_wrapper, (x, torch.randn_like(x), keep))

if "__main__" == __name__:
    print(main())
