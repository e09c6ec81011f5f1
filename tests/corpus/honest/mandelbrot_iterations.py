# kinds: complex input, while loop, integer output, chaotic recurrence, int32, complex64
"""Fused Kernels: escape times of points of the complex plane"""

# <PYTHON>
import torch


def mandelbrot(c, max_iter: int = 30):
    z = torch.zeros_like(c)
    count = torch.zeros(c.shape, dtype=torch.int32, device=c.device)
    for _ in range(max_iter):
        inside = z.real * z.real + z.imag * z.imag <= 4.0
        z = torch.where(inside, z * z + c, z)
        count += inside.to(torch.int32)
    return count


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def mandelbrot_kernel(c_ptr, out_ptr, n, MAX_ITER: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    cr = tl.load(c_ptr + 2 * i, mask=mask, other=0.0)
    ci = tl.load(c_ptr + 2 * i + 1, mask=mask, other=0.0)
    zr = tl.zeros((BLOCK,), tl.float32)
    zi = tl.zeros((BLOCK,), tl.float32)
    count = tl.zeros((BLOCK,), tl.int32)
    for _ in range(MAX_ITER):
        inside = zr * zr + zi * zi <= 4.0
        nr = zr * zr - zi * zi + cr
        ni = 2.0 * zr * zi + ci
        zr = tl.where(inside, nr, zr)
        zi = tl.where(inside, ni, zi)
        count += inside.to(tl.int32)
    tl.store(out_ptr + i, count, mask=mask)


def mandelbrot_triton(c, max_iter: int = 30):
    c = c.contiguous()
    out = torch.empty(c.shape, device=c.device, dtype=torch.int32)
    n = c.numel()
    mandelbrot_kernel[(triton.cdiv(n, 256),)](torch.view_as_real(c), out, n, MAX_ITER=max_iter, BLOCK=256)
    return out


# <TEST>
import torch


def get_test_inputs():
    re = torch.rand(40, 60, device="cuda") * 3 - 2
    im = torch.rand(40, 60, device="cuda") * 2.4 - 1.2
    return torch.complex(re, im), 30
