# kinds: points, three coordinates, small matrix
"""Fused Kernels: points turned and moved, three coordinates written down"""

# <PYTHON>
import torch


def transform_points(points, rotation, translation):
    """points (N, 3), rotation (3, 3), translation (3,)"""
    return points @ rotation.T + translation


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def transform_points_kernel(p_ptr, r_ptr, t_ptr, o_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    x = tl.load(p_ptr + 3 * i, mask=m, other=0.0)
    y = tl.load(p_ptr + 3 * i + 1, mask=m, other=0.0)
    z = tl.load(p_ptr + 3 * i + 2, mask=m, other=0.0)
    for row in tl.static_range(3):
        a = tl.load(r_ptr + 3 * row)
        b = tl.load(r_ptr + 3 * row + 1)
        c = tl.load(r_ptr + 3 * row + 2)
        t = tl.load(t_ptr + row)
        tl.store(o_ptr + 3 * i + row, a * x + b * y + c * z + t, mask=m)


def transform_points_triton(points, rotation, translation):
    points = points.contiguous()
    out = torch.empty_like(points)
    n = points.shape[0]
    transform_points_kernel[(triton.cdiv(n, 256),)](
        points, rotation.contiguous(), translation.contiguous(), out, n, BLOCK=256
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    return (
        torch.randn(1500, 3, device="cuda"),
        torch.randn(3, 3, device="cuda"),
        torch.randn(3, device="cuda"),
    )
