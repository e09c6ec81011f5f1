# kinds: geometry, pairs of boxes, boolean output, several outputs, output mostly zero, float32
"""Fused Kernels: intersection over union of all pairs of boxes, and which overlap by half"""

# <PYTHON>
import torch


def box_overlaps_pytorch(boxes, others, threshold):
    """A box is (left, top, right, bottom)."""
    top_left = torch.maximum(boxes[:, None, :2], others[None, :, :2])
    bottom_right = torch.minimum(boxes[:, None, 2:], others[None, :, 2:])
    sides = (bottom_right - top_left).clamp(min=0.0)
    common = sides[..., 0] * sides[..., 1]
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    other_area = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    overlap = common / (area[:, None] + other_area[None, :] - common + 1e-6)
    return overlap, overlap > threshold


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def box_overlaps_kernel(
    boxes_ptr,
    others_ptr,
    overlap_ptr,
    flags_ptr,
    threshold,
    n_boxes,
    n_others,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)[:, None]
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)[None, :]
    in_m, in_n = m < n_boxes, n < n_others
    left, top = (
        tl.load(boxes_ptr + 4 * m, mask=in_m, other=0.0),
        tl.load(boxes_ptr + 4 * m + 1, mask=in_m, other=0.0),
    )
    right = tl.load(boxes_ptr + 4 * m + 2, mask=in_m, other=0.0)
    bottom = tl.load(boxes_ptr + 4 * m + 3, mask=in_m, other=0.0)
    other_left = tl.load(others_ptr + 4 * n, mask=in_n, other=0.0)
    other_top = tl.load(others_ptr + 4 * n + 1, mask=in_n, other=0.0)
    other_right = tl.load(others_ptr + 4 * n + 2, mask=in_n, other=0.0)
    other_bottom = tl.load(others_ptr + 4 * n + 3, mask=in_n, other=0.0)
    width = tl.maximum(tl.minimum(right, other_right) - tl.maximum(left, other_left), 0.0)
    height = tl.maximum(tl.minimum(bottom, other_bottom) - tl.maximum(top, other_top), 0.0)
    common = width * height
    area = (right - left) * (bottom - top)
    other_area = (other_right - other_left) * (other_bottom - other_top)
    overlap = common / (area + other_area - common + 1e-6)
    mask = in_m & in_n
    tl.store(overlap_ptr + m * n_others + n, overlap, mask=mask)
    tl.store(flags_ptr + m * n_others + n, overlap > threshold, mask=mask)


def box_overlaps_triton_wrapper(boxes, others, threshold):
    boxes, others = boxes.contiguous(), others.contiguous()
    n_boxes, n_others = boxes.shape[0], others.shape[0]
    overlap = torch.empty((n_boxes, n_others), device=boxes.device, dtype=boxes.dtype)
    flags = torch.empty((n_boxes, n_others), device=boxes.device, dtype=torch.bool)
    grid = (triton.cdiv(n_boxes, 32), triton.cdiv(n_others, 32))
    box_overlaps_kernel[grid](
        boxes, others, overlap, flags, threshold, n_boxes, n_others, BLOCK_M=32, BLOCK_N=32
    )
    return overlap, flags


# </TRITON>

# <TEST>
import torch


def _boxes(count):
    corner = torch.rand(count, 2, device="cuda") * 20.0
    return torch.cat((corner, corner + torch.rand(count, 2, device="cuda") * 6.0 + 1.0), dim=1)


def get_test_inputs():
    return _boxes(90), _boxes(70), 0.1


# </TEST>
