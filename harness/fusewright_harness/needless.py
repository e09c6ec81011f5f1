"""Work of a reference that leads back to where it began: round trips, the same values computed over and over.

Each operator's result is compared with what was there before it, on the pair's own inputs and on others that share
nothing with them but their shapes: what comes back on both comes back always.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from fusewright_harness.call import Arguments, Call, map_tensors
from fusewright_harness.dispatch_mode import DispatchMode
from fusewright_harness.operator_cost import cost_of
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import Untransferable, take_apart

_FEWEST = 64
_MOST_ELEMENTS = 1 << 24
_MOST_BYTES = 1 << 30
_MOST_STEPS = 64
_DIGEST_ELEMENTS = 1 << 18
_MOST_SHARE = 0.5
_MOST_SAME = 4
_NEAR = 1e-5
_LARGER = 1.7
_SAMPLE = 1024


@dataclass
class _Step:
    """One operator: what it was given, by the numbers of earlier values, and a copy of what it gave."""

    name: str
    given: list[int]
    cost: float
    result: torch.Tensor
    digest: int


class _Steps(DispatchMode):
    """Writes down the operators of a call. ``full`` says that there were too many, or too large ones, to look at."""

    def __init__(self, inputs: list[torch.Tensor]) -> None:
        super().__init__()
        self.full = False
        self.steps: list[_Step] = []
        self._number: dict[int, int] = {}
        self._held: list[torch.Tensor] = []
        self._bytes = 0
        for tensor in inputs:
            self._enter("input", [], 0.0, tensor)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs the operator and keeps a copy of its results."""
        result = func(*args, **(kwargs or {}))
        if self.full:
            return result
        with without_modes():
            given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
            made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
            self._held += made
            numbers = [self._number[id(tensor)] for tensor in given if id(tensor) in self._number]
            cost = cost_of(func, args, kwargs, result, (*given, *made))
            returns = func._schema.returns
            view = returns and all(
                part.alias_info is not None and not part.alias_info.is_write for part in returns
            )
            for tensor in made:
                self._enter(
                    func._schema.name.rpartition("::")[2], numbers, 0.0 if view else cost / len(made), tensor
                )
        return result

    def _enter(self, name: str, given: list[int], cost: float, tensor: torch.Tensor) -> None:
        self._bytes += tensor.numel() * tensor.dtype.itemsize
        if (
            len(self.steps) >= _MOST_STEPS
            or tensor.numel() > _MOST_ELEMENTS
            or self._bytes > _MOST_BYTES
            or tensor.layout is not torch.strided
            or tensor.is_meta
        ):
            self.full = True
            return
        copy = tensor.detach().clone()
        self._number[id(tensor)] = len(self.steps)
        self.steps.append(_Step(name, given, cost, copy, _digest(copy)))

    def ancestors(self, number: int) -> set[int]:
        """The numbers of all values that one was made of, its own too."""
        found: set[int] = set()
        pending = [number]
        while pending:
            here = pending.pop()
            if here not in found:
                found.add(here)
                pending += self.steps[here].given
        return found


def _digest(tensor: torch.Tensor) -> int:
    flat = tensor.reshape(-1)[:_DIGEST_ELEMENTS].contiguous()
    return zlib.crc32(flat.view(torch.uint8).cpu().numpy().tobytes()) if flat.numel() else 0


def needless_work(call: Call, inputs: Arguments, others: Any) -> dict[str, Any]:
    """What leads nowhere: ``roundtrip``, ``same`` values computed again, and whether the result is an ``input``.

    ``others`` are other inputs of the same shapes. Each finding says the operator, and its share or count; None where
    there is none, or the call is too long to look at.
    """
    nothing: dict[str, Any] = {"roundtrip": None, "same": None, "input": False}
    first = _steps_of(call, inputs)
    if first is None:
        return nothing
    same = _same_again(first[0])
    trips = _round_trips(first[0])
    given = _gives_back(*first)
    if not (trips or given):
        return {**nothing, "same": same}
    second = _steps_of(call, Arguments.from_value(others))
    if second is None:
        return {**nothing, "same": same}
    elsewhere = {trip["at"] for trip in _round_trips(second[0])}
    if any(trip["at"] not in elsewhere and _undefined(second[0], trip["at"]) for trip in trips):
        # A logarithm has no answer there, and the exponential of one takes nothing back.
        nearby = _steps_of(call, Arguments.from_value(map_tensors(inputs.as_value(), _enlarged)))
        near = {trip["at"] for trip in _round_trips(nearby[0])} if nearby else set()
        elsewhere |= {at for at in near if _undefined(second[0], at)}
    held = [trip for trip in trips if trip["at"] in elsewhere]
    return {
        "roundtrip": max(held, key=lambda trip: trip["share"], default=None),
        "same": same,
        "input": given and _gives_back(*second),
    }


def _undefined(steps: _Steps, number: int) -> bool:
    """Whether a step's result has no number in places."""
    result = steps.steps[number].result if number < len(steps.steps) else None
    return result is not None and result.is_floating_point() and bool(torch.isnan(result).any())


def _enlarged(tensor: torch.Tensor) -> torch.Tensor:
    if not tensor.is_floating_point() or tensor.dtype.itemsize == 1:
        return tensor
    with without_modes(), torch.no_grad():
        return (tensor.detach() * _LARGER).requires_grad_(tensor.requires_grad)


def _steps_of(call: Call, inputs: Arguments) -> tuple[_Steps, list[torch.Tensor]] | None:
    arguments = Arguments.from_value(clone_value(inputs.as_value()))
    with without_modes(), torch.no_grad():
        _tree, given = take_apart(arguments.as_value())
        steps = _Steps(given)
    try:
        with steps:
            result = call(arguments)
        _tree, outputs = take_apart(result)
    except (Exception, Untransferable):
        return None
    return None if steps.full else (steps, [output.detach() for output in outputs])


def _telling(tensor: torch.Tensor) -> bool:
    """Whether contents are such that no other tensor has the same by chance."""
    if not tensor.is_floating_point() or tensor.dtype.itemsize == 1 or tensor.numel() < _FEWEST:
        return False
    return bool(torch.isfinite(tensor).all()) and bool((tensor != tensor.reshape(-1)[0]).any())


def _near(left: torch.Tensor, right: torch.Tensor) -> bool:
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    first, other = (tensor.reshape(-1)[:_SAMPLE].double() for tensor in (left, right))
    if float((first - other).abs().max()) > _NEAR * float(left.abs().max()):
        return False
    left, right = left.double(), right.double()
    return float((left - right).abs().max()) <= _NEAR * float(left.abs().max())


def _round_trips(steps: _Steps) -> list[dict[str, Any]]:
    """Values that were there before, and are no copy of what their own operator was given."""
    with without_modes(), torch.no_grad():
        total = sum(step.cost for step in steps.steps)
        telling = [_telling(step.result) for step in steps.steps]
        found = []
        for number, step in enumerate(steps.steps):
            if not telling[number]:
                continue
            ancestors = steps.ancestors(number)
            if any(_near(steps.steps[near].result, step.result) for near in step.given if telling[near]):
                # A copy, or an operator that has nothing to do here: no round trip.
                continue
            for earlier in range(number):
                if not telling[earlier] or earlier not in ancestors:
                    continue
                if _near(steps.steps[earlier].result, step.result):
                    between = ancestors - steps.ancestors(earlier)
                    share = sum(steps.steps[part].cost for part in between) / max(1.0, total)
                    if share > _MOST_SHARE:
                        largest = max((steps.steps[part] for part in between), key=lambda part: part.cost)
                        found.append({"at": number, "name": largest.name, "share": share})
                    break
        return found


def _same_again(steps: _Steps) -> dict[str, Any] | None:
    """Operators that gave what an operator of the same name gave before, where they are the greater part of all."""
    total = sum(step.cost for step in steps.steps)
    seen: dict[tuple[str, int, Any], int] = {}
    again, worst = 0.0, ("", 0)
    for step in steps.steps:
        if not step.cost or not _telling(step.result):
            continue
        key = step.name, step.digest, tuple(step.result.shape)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            again += step.cost
            worst = max(worst, (step.name, seen[key]), key=lambda item: item[1])
    if worst[1] < _MOST_SAME or again <= _MOST_SHARE * total:
        return None
    return {"name": worst[0], "count": worst[1]}


def _gives_back(steps: _Steps, outputs: list[torch.Tensor]) -> bool:
    """Whether every result is an input as it came, although operators computed on it."""
    inputs = [step.result for step in steps.steps if step.name == "input"]
    worked = any(
        step.cost and step.name not in ("input", "clone", "copy_", "_to_copy") for step in steps.steps
    )
    with without_modes(), torch.no_grad():
        return (
            worked
            and bool(outputs)
            and all(
                _telling(output)
                and any(
                    output.shape == given.shape and output.dtype == given.dtype and torch.equal(output, given)
                    for given in inputs
                )
                for output in outputs
            )
        )
