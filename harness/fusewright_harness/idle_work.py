"""Operators of a reference that change nothing in its result: found by altering what each of them gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from fusewright_harness.call import Arguments, Call, map_tensors
from fusewright_harness.call_trace import words
from fusewright_harness.dispatch_mode import DispatchMode
from fusewright_harness.operator_cost import cost_of, is_counted
from fusewright_harness.operators import frame_line
from fusewright_harness.outcomes import Outcome, outcome_of, same_outcome
from fusewright_harness.transfer import without_modes

_MOST_ALTERED = 8
_LARGE_PART = 0.1
_MOST_IDLE = 0.2
_BELOW_ROUNDING = 1e-10
"""What moves a result by less than this part of it is lost in float32; float64 alone would tell."""
_ORDER_OF_SUMS = 1e-5
"""What a sum of numbers that were not sorted may differ by from that of the same numbers in order."""
_LEAST_RESULT = 4
_ORDERING = ("sort",)
"""What only changes the order of values: it is idle where neither their order nor their places tell anything."""
_READ_NOTHING = words(
    "zeros_like ones_like full_like empty_like new_zeros new_ones new_full new_empty new_empty_strided"
)
"""What fills memory of an input's shape: little work, and where an element is chosen rarely none may need it."""
_WHOLE = (0.0, 1.0)
_PARTS = ((0.0, 0.6), (0.4, 1.0))
"""The greater part of a product's elements, from the first on and up to the last."""


@dataclass(frozen=True)
class _Found:
    """One operator: its place among those that can be altered, and its cost in bytes."""

    place: int
    name: str
    line: int | None
    heavy: bool
    cost: float


class _Altering(DispatchMode):
    """Runs a call with the results of one operator altered; ``same`` says whether one was one of its own inputs.

    ``altered`` says whether there was anything to alter, ``unsorted`` whether it was an order, ``part`` from where to
    where, in parts of one, of the elements in row-major order. Without a place to alter it finds what there is.
    """

    def __init__(self, file: str, wanted: int = -1, part: tuple[float, float] = _WHOLE) -> None:
        super().__init__()
        self._file, self._wanted, self._part = file, wanted, part
        self._seen = 0
        self.altered = self.same = self.unsorted = False
        self.found: list[_Found] = []
        self.total = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs the operator, and alters what it gives if it is the one."""
        result = func(*args, **(kwargs or {}))
        returns = func._schema.returns
        if func._schema.is_mutable or any(part.alias_info is not None for part in returns):
            return result
        with without_modes():
            given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
            made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
            if not made or not given or any(part.layout is not torch.strided for part in (*given, *made)):
                return result
            if self._seen == self._wanted and _sorts(func):
                result = self._unsorted(result, given[0])
            elif self._seen == self._wanted:
                # Attention gives what its backward pass needs beside the result.
                result = map_tensors(result, lambda tensor: self._alter(tensor, given))
            elif self._wanted < 0:
                self._find(func, args, kwargs or {}, result, given, made)
            self._seen += 1
        return result

    def _find(self, func: Any, args: Any, kwargs: Any, result: Any, given: Any, made: Any) -> None:
        cost, heavy = cost_of(func, args, kwargs, result, (*given, *made)), is_counted(func)
        self.total += cost
        if func._schema.name.rpartition("::")[2] in _READ_NOTHING:
            return
        largest = max(tensor.numel() for tensor in given)
        # A row's largest element is taken off before a softmax, and any other number would do.
        if heavy or _LEAST_RESULT * max(tensor.numel() for tensor in made) >= largest:
            name = func._schema.name.rpartition("::")[2]
            line = frame_line(self._file)
            self.found.append(_Found(self._seen, name, line, heavy, cost))

    def _unsorted(self, result: Any, given: torch.Tensor) -> Any:
        """What a sort gives if it leaves its values where they are, and names places that they never had."""
        values, places = result
        if not values.is_floating_point():
            return result
        self.altered = self.unsorted = True
        return type(result)((given.clone().reshape(values.shape), self._alter(places, [given])))

    def _alter(self, tensor: torch.Tensor, given: list[torch.Tensor]) -> torch.Tensor:
        if tensor.dtype in (torch.int32, torch.int64):
            # A sort that is asked for its order gives values too. Turned round an index stays in its range.
            return tensor.reshape(-1).flip(0).reshape(tensor.shape)
        if not tensor.is_floating_point() or tensor.dtype.itemsize == 1:
            return tensor
        self.altered = True
        self.same |= any(_nearly(part, tensor) for part in given)
        flat = tensor.detach().clone().reshape(-1)
        first, last = (int(share * flat.numel()) for share in self._part)
        # Odd factors and steps, so that no order and no difference stays what it was.
        steps = torch.arange(last - first, device=flat.device)
        factor = (1.5 - 0.75 * (steps % 7)).to(flat.dtype)
        flat[first:last] = flat[first:last] * factor + (0.25 + 0.5 * (steps % 5)).to(flat.dtype)
        return flat.reshape(tensor.shape).requires_grad_(tensor.requires_grad)


def _sorts(func: Any) -> bool:
    return func._schema.name.rpartition("::")[2] in _ORDERING


def _nearly(left: torch.Tensor, right: torch.Tensor) -> bool:
    return (
        left.shape == right.shape
        and left.dtype == right.dtype
        and torch.allclose(left, right, rtol=1e-6, atol=0)
    )


def idle_work(
    call: Call, inputs: Arguments, others: Arguments, file: str, drawn: Sequence[Arguments] = ()
) -> dict[str, Any] | None:
    """Operators that are much of the work and change nothing, by the largest's name and line.

    Says ``part`` where only the greater part of what a product gives is without use. What is no product must change
    nothing on ``others`` either, inputs unlike the pair's, and nothing at all may matter to the pair's other draws,
    ``drawn``: what an index or a mask asks for rarely is not idle.
    """
    finding = _Altering(file)
    with finding:
        plain = outcome_of(call, inputs)
    large = [one for one in finding.found if one.cost > _LARGE_PART * finding.total]
    large = sorted(large, key=lambda one: -one.cost)[:_MOST_ALTERED]
    if not large or plain is None:
        return None
    far = outcome_of(call, others)

    def idle_elsewhere(place: int, part: tuple[float, float] = _WHOLE) -> bool:
        for draw in drawn:
            usual = outcome_of(call, draw)
            if usual is not None and not _unmoved(call, draw, usual, _Altering(file, place, part)):
                return False
        return True

    idle = []
    for one in large:
        altering = _Altering(file, one.place)
        unmoved = _unmoved(call, inputs, plain, altering)
        if one.heavy:
            if altering.same or (unmoved and idle_elsewhere(one.place)):
                return {"name": one.name, "line": one.line}
            for part in _PARTS:
                if _unmoved(call, inputs, plain, _Altering(file, one.place, part)) and idle_elsewhere(
                    one.place, part
                ):
                    return {"name": one.name, "line": one.line, "part": True}
        elif (
            unmoved
            and far is not None
            and _unmoved(call, others, far, _Altering(file, one.place))
            and idle_elsewhere(one.place)
        ):
            idle.append(one)
    if sum(one.cost for one in idle) <= _MOST_IDLE * finding.total:
        return None
    return {"name": idle[0].name, "line": idle[0].line}


def _unmoved(call: Call, inputs: Arguments, plain: Outcome, altering: _Altering) -> bool:
    with altering:
        outcome = outcome_of(call, inputs)
    slack = _ORDER_OF_SUMS if altering.unsorted else _BELOW_ROUNDING
    return altering.altered and outcome is not None and same_outcome(plain, outcome, slack=slack)
