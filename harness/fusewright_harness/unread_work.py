"""Results that little is read of: followed backwards from what a call returns, element by element."""

from __future__ import annotations

import torch

from fusewright_harness.call_trace import words
from fusewright_harness.work_steps import FEW_PLACES, MOVING, Region, WorkRun, WorkStep, region_of

_READ_AT_MOST = 0.3
_PRODUCTS = words("mm bmm addmm baddbmm")
_ORDERING = words("sort topk msort")
_RECURRENT = words("mkldnn_rnn_layer _cudnn_rnn miopen_rnn _thnn_fused_lstm_cell _thnn_fused_gru_cell")
_SCANNING = words("cumsum cumprod cummax cummin logcumsumexp _cummax_helper _cummin_helper")


def unread_work(run: WorkRun) -> list[tuple[WorkStep, float]]:
    """The operators of whose results little is read, and what that part of their work costs."""
    masks: dict[int, torch.Tensor] = {}
    for tensor in run.outputs:
        _seen(run, masks, region_of(tensor)).fill_(True)
    found = []
    for step in reversed(run.steps):
        read = [_seen(run, masks, region) for region in step.writes]
        # Of several results the one most read counts: a loss comes with what its gradient needs, asked for or not.
        share = max((float(mask.double().mean()) if mask.numel() else 1.0 for mask in read), default=1.0)
        if 0 < share < _READ_AT_MOST:
            cost = _unread_cost(step, share, read)
            if cost:
                found.append((step, cost))
        if not share:
            continue
        if len(read) == 1 and _read_of_product(run, masks, step, read[0]):
            continue
        for region in step.reads:
            mask = _seen(run, masks, region)
            if step.along is not None and mask.shape == read[0].shape:
                mask |= read[0].any(step.along, keepdim=True)
            elif step.pointwise and len(read) == 1 and mask.shape == read[0].shape:
                mask |= read[0]
            else:
                mask.fill_(True)
    return found


def _read_of_product(
    run: WorkRun, masks: dict[int, torch.Tensor], step: WorkStep, read: torch.Tensor
) -> bool:
    """Marks the rows and the columns of which what is read of a product is made; False for any other operator."""
    if step.name not in _PRODUCTS or read.ndim < 2:
        return False
    *added, left, right = (_seen(run, masks, region) for region in step.reads)
    rows, columns = read.any(-1, keepdim=True), read.any(-2, keepdim=True)
    if (
        left.shape[:-1] != read.shape[:-1]
        or right.shape[:-2] + right.shape[-1:] != read.shape[:-2] + read.shape[-1:]
    ):
        # An expanded dimension, which is one place.
        return False
    left |= rows
    right |= columns
    for mask in added:
        mask.fill_(True)
    return True


def _unread_cost(step: WorkStep, share: float, read: list[torch.Tensor]) -> float:
    if step.name in _RECURRENT:
        # Its last step is made of all others.
        return 0.0
    if step.name in _ORDERING or step.name in _SCANNING:
        return step.cost if any(_outermost(mask) for mask in read) else 0.0
    if step.pointwise or step.heavy or step.name in MOVING:
        return step.cost * (1 - share)
    return step.written * (1 - share)


def _outermost(mask: torch.Tensor) -> bool:
    """Whether what is read lies at one end of a dimension: a sum, an extreme, or what was there to begin with."""
    for axis, size in enumerate(mask.shape):
        along = mask.movedim(axis, 0).reshape(size, -1).any(1)
        if size >= FEW_PLACES and int(along.sum()) == 1 and bool(along[-1] or along[0]):
            return True
    return False


def _seen(run: WorkRun, masks: dict[int, torch.Tensor], region: Region) -> torch.Tensor:
    key, shape, stride, offset = region
    if key not in masks:
        masks[key] = torch.zeros(max(1, run.elements[key]), dtype=torch.bool)
    mask = masks[key]
    last = offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
    if 0 in shape or last >= mask.numel():
        # Nothing, or memory seen as another type: all of it is one.
        return mask
    # An expanded dimension is one place.
    kept = tuple(1 if step == 0 else size for size, step in zip(shape, stride, strict=True))
    return mask.as_strided(kept, stride, offset)
