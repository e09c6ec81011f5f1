"""One more tensor in each list of tensors, which may be of any length, and what goes with each of them."""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.renaming import rebuilt
from fusewright_harness.transfer import without_modes

_FEWEST = 2


def has_lists(value: Any) -> bool:
    """Whether a list of tensors is among the arguments, which may be of any length."""
    return bool(_lengths(value))


def with_longer_lists(value: Any) -> list[Any]:
    """``value`` with one more tensor in each list of tensors, its last one's elements from the end.

    What has as many parts may go with them: a list of numbers or words, a scale for each tensor. So that grows too,
    its last part once more; first lists and tensors of that length, then lists, then nothing, where that is refused.
    """
    lengths = _lengths(value)

    def walk(item: Any, lists: bool, tensors: bool) -> Any:
        if isinstance(item, torch.Tensor):
            goes_along = tensors and item.ndim and item.shape[0] in lengths and item.dtype.itemsize > 1
            return _with_one_more(item) if goes_along else item
        if _is_tensors(item):
            return [*item, _turned(item[-1])]
        if lists and _is_plain(item) and len(item) in lengths:
            return type(item)([*item, item[-1]])
        return rebuilt(item, lambda part: walk(part, lists, tensors))

    with without_modes(), torch.no_grad():
        return [walk(value, *grown) for grown in ((True, True), (True, False), (False, False))]


def _lengths(value: Any) -> set[int]:
    """How long the lists of tensors among the arguments are."""
    if _is_tensors(value):
        return {len(value)}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return set().union(*(_lengths(part) for part in parts))


def _is_tensors(item: Any) -> bool:
    return (
        isinstance(item, list)
        and len(item) >= _FEWEST
        and all(isinstance(part, torch.Tensor) for part in item)
    )


def _is_plain(item: Any) -> bool:
    """Whether it is a list of numbers, words or nothing."""
    return type(item) in (list, tuple) and all(
        part is None or isinstance(part, (bool, int, float, str)) for part in item
    )


def _turned(tensor: torch.Tensor) -> torch.Tensor:
    plain = tensor.detach()
    more = plain.reshape(-1).flip(0).reshape(plain.shape).clone()
    return more.requires_grad_(tensor.requires_grad)


def _with_one_more(tensor: torch.Tensor) -> torch.Tensor:
    plain = tensor.detach()
    return torch.cat((plain, plain[-1:])).requires_grad_(tensor.requires_grad)
