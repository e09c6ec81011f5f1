# kinds: elementwise, tiny size, geometry, float64, last dimension of three
"""Fused Kernels: unit normals of triangles, a few at a time"""

# <PYTHON>
import torch


def unit_normals(first, second, third):
    """Each argument holds one corner of every triangle: (triangles, 3)."""
    normal = torch.linalg.cross(second - first, third - first)
    return normal / normal.norm(dim=-1, keepdim=True)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def unit_normals_kernel(first_ptr, second_ptr, third_ptr, out_ptr, n_triangles, BLOCK: tl.constexpr):
    triangle = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = triangle < n_triangles
    base = 3 * triangle
    x0 = tl.load(first_ptr + base, mask=mask, other=0.0)
    y0 = tl.load(first_ptr + base + 1, mask=mask, other=0.0)
    z0 = tl.load(first_ptr + base + 2, mask=mask, other=0.0)
    ux = tl.load(second_ptr + base, mask=mask, other=0.0) - x0
    uy = tl.load(second_ptr + base + 1, mask=mask, other=0.0) - y0
    uz = tl.load(second_ptr + base + 2, mask=mask, other=0.0) - z0
    vx = tl.load(third_ptr + base, mask=mask, other=0.0) - x0
    vy = tl.load(third_ptr + base + 1, mask=mask, other=0.0) - y0
    vz = tl.load(third_ptr + base + 2, mask=mask, other=0.0) - z0
    nx = uy * vz - uz * vy
    ny = uz * vx - ux * vz
    nz = ux * vy - uy * vx
    norm = tl.sqrt(nx * nx + ny * ny + nz * nz)
    # Lanes past the end have no normal; they are not stored, but need not divide by zero.
    norm = tl.where(mask, norm, 1.0)
    tl.store(out_ptr + base, nx / norm, mask=mask)
    tl.store(out_ptr + base + 1, ny / norm, mask=mask)
    tl.store(out_ptr + base + 2, nz / norm, mask=mask)


def unit_normals(first, second, third):
    first, second, third = first.contiguous(), second.contiguous(), third.contiguous()
    n_triangles, size = first.shape
    if size != 3:
        raise ValueError(f"corners lie in three dimensions, not in {size}")
    out = torch.empty_like(first)
    unit_normals_kernel[(triton.cdiv(n_triangles, 32),)](first, second, third, out, n_triangles, BLOCK=32)
    return out


# <TEST>
import torch


def get_test_inputs():
    return tuple(torch.randn(7, 3, device="cuda", dtype=torch.float64) for _ in range(3))
