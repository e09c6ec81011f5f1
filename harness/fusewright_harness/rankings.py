"""References that name places by their rank, as argmax and topk do, on inputs in which numbers are equal.

Which of equal elements is named is left to who computes it; that it is none of the smaller ones is not. A kernel that
adds up the places of all that are equal is right wherever no two are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from fusewright_harness.call import Arguments, Call, map_tensors
from fusewright_harness.call_trace import words
from fusewright_harness.dispatch_mode import DispatchMode
from fusewright_harness.renaming import measured
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart

_RANKING = {"argmax": 1, "argmin": 1, "max": 1, "min": 1, "topk": 2, "sort": 1, "kthvalue": 2, "median": 1}
"""Operators that name places, and where the dimension stands among their arguments."""
_CARRYING = words("_to_copy clone")
_STEPS = 2.0
"""So many steps of equal numbers in one standard deviation."""
_NEAR = 0.01
"""A part of the ranked numbers' deviation: those that lie so near may be equal but for rounding."""


@dataclass
class _Ranked:
    """What a tensor of places ranks, along which dimension."""

    source: torch.Tensor
    axis: int


class _Watch(DispatchMode):
    """Finds the places that a call names by rank, by the storage they are in."""

    def __init__(self) -> None:
        super().__init__()
        self.ranked: dict[int, _Ranked] = {}
        self.used = False
        """Whether something is computed with such places, so that a result depends on which of equal ones is named."""
        self._held: list[torch.Tensor] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs the operator and notes what it ranks."""
        kwargs = kwargs or {}
        name = func._schema.name.rpartition("::")[2]
        result = func(*args, **kwargs)
        with without_modes():
            made = result[-1] if isinstance(result, (tuple, list)) and result else result
            if not isinstance(made, torch.Tensor):
                return result
            for given in [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]:
                known = self.ranked.get(_key(given))
                if known is not None and name in _CARRYING:
                    self._note(made, known)
                elif known is not None and _key(made) != _key(given):
                    self.used = True
            if name in _RANKING and not made.is_floating_point() and made.dtype is torch.int64:
                self._note_ranking(func, name, args, kwargs, made)
        return result

    def _note_ranking(self, func: Any, name: str, args: Any, kwargs: Any, made: torch.Tensor) -> None:
        source, place = args[0], _RANKING[name]
        names = [argument.name for argument in func._schema.arguments]
        axis = args[place] if len(args) > place else kwargs.get("dim", kwargs.get("axis"))
        if axis is None and "dim" in names and name in ("topk", "sort", "kthvalue"):
            axis = -1
        if source.is_floating_point():
            source = source.detach().clone()
            self._note(made, _Ranked(source.reshape(-1) if axis is None else source, axis or 0))

    def _note(self, made: torch.Tensor, ranked: _Ranked) -> None:
        # While it is held no other storage has its address.
        self._held.append(made)
        self.ranked[_key(made)] = ranked


def ranked_outputs(
    call: Call, inputs: Arguments, _file: str = ""
) -> list[tuple[int, torch.Tensor, int]] | None:
    """What the call's outputs rank: each one's number, the numbers ranked, and along which dimension.

    None where nothing is ranked, or where a result depends on which of equal elements is named.
    """
    watch = _Watch()
    with watch:
        result = call(Arguments.from_value(clone_value(inputs.as_value())))
    with without_modes():
        _tree, outputs = take_apart(result)
        found = []
        for number, output in enumerate(outputs):
            ranked = watch.ranked.get(_key(output))
            if ranked is None:
                continue
            if _as_index(output, ranked.source, ranked.axis) is None:
                return None
            found.append((number, ranked.source, ranked.axis))
    return found if watch.ranked and not watch.used else None


def goes_by_rank(call: Call, inputs: Arguments, _file: str = "") -> bool:
    """Whether the call computes with places that it named by rank, so that equal numbers have more than one answer."""
    watch = _Watch()
    with watch:
        call(Arguments.from_value(clone_value(inputs.as_value())))
    return watch.used


def with_ties(value: Any) -> Any:
    """A copy of ``value`` whose measured numbers are rounded, so that many of each tensor are equal."""
    return map_tensors(clone_value(value), _rounded)


def _rounded(tensor: torch.Tensor) -> torch.Tensor:
    with without_modes(), torch.no_grad():
        plain = tensor.detach()
        if not measured(plain):
            return tensor
        wide = plain.double()
        step = wide.std() / _STEPS
        if not float(step) > 0:
            return tensor
        rounded = ((wide / step).round() * step).clamp(wide.min(), wide.max())
        return rounded.to(plain.dtype).requires_grad_(tensor.requires_grad)


def settle(declared: Any, got: Any, ranked: list[Any]) -> tuple[str | None, Any]:
    """What is wrong with the places that a candidate names, as a sentence, and its result with the declared ones.

    Of equal elements it may name any, but no element twice in a row.
    """
    _tree, wanted = take_apart(declared)
    _tree, found = take_apart(got)
    settled = {}
    for number, source, axis in ranked:
        if number >= len(found) or number >= len(wanted) or found[number].shape != wanted[number].shape:
            return None, got
        places = _as_index(found[number], source, axis)
        right = _as_index(wanted[number], source, axis)
        if places is None or right is None or found[number].dtype is not wanted[number].dtype:
            return None, got
        bad = _misplaced(source, axis, right, places)
        if bool(bad.any()):
            first = int(torch.nonzero(bad.reshape(-1))[0])
            return (
                f"output {number} names other elements than the reference, which are not equal to those, at "
                f"{int(bad.sum())} of {bad.numel()} places; first at element {first}: expected "
                f"{int(right.reshape(-1)[first])} or an equal one, got {int(places.reshape(-1)[first])}"
            ), got
        settled[number] = wanted[number]
    place = iter(range(1 << 30))
    return None, map_tensors(got, lambda tensor: settled.get(next(place), tensor))


def _misplaced(source: torch.Tensor, axis: int, right: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    outside = (places < 0) | (places >= source.shape[axis])
    ranked = source.double()
    finite = torch.isfinite(ranked)
    near = _NEAR * ranked[finite].std() if int(finite.sum()) > 1 else 0.0
    wanted, found = ranked.gather(axis, right), ranked.gather(axis, places.masked_fill(outside, 0))
    bad = outside | ~((wanted == found) | ((wanted - found).abs() <= near) | torch.isnan(wanted))
    if places.shape[axis] > 1:
        ordered, order = places.sort(axis)
        again = ordered.narrow(axis, 1, places.shape[axis] - 1) == ordered.narrow(
            axis, 0, places.shape[axis] - 1
        )
        twice = torch.cat([torch.zeros_like(again.narrow(axis, 0, 1)), again], axis)
        bad |= torch.zeros_like(bad).scatter(axis, order, twice)
    return bad


def _as_index(output: torch.Tensor, source: torch.Tensor, axis: int) -> torch.Tensor | None:
    """An output as an index into what it ranks; None where it has another form."""
    if output.is_floating_point() or output.dtype is torch.bool:
        return None
    axis = axis % max(1, source.ndim)
    index = output.to(torch.int64)
    if index.ndim == source.ndim - 1:
        index = index.unsqueeze(axis)
    if index.ndim != source.ndim:
        return None
    alike = all(
        mine == its
        for place, (mine, its) in enumerate(zip(index.shape, source.shape, strict=True))
        if place != axis
    )
    return index if alike and index.shape[axis] <= source.shape[axis] else None


def _key(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata
