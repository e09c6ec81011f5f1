"""Inputs that are an index into another tensor, and the whole range of places that they may name.

A pair's inputs may draw an index from the first ten rows of a table of a thousand, and a kernel know no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from fusewright_harness.call import Arguments, Call, map_tensors
from fusewright_harness.call_trace import words
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart
from fusewright_harness.whole_number_watch import WholeNumberWatch

_WHOLE = (torch.int32, torch.int64)
_MOST_USED = 7 / 8
"""An index that reaches into no more than this part of its range is drawn from all of it."""
_MOST_PLACES = 1 << 22

_ALONG = words(
    "index_select gather scatter scatter_ scatter_add scatter_add_ index_add index_add_ index_copy index_copy_"
)
"""Operators that are given a tensor, a dimension of it, and an index along that."""
_ADDING = words("scatter_add scatter_add_ index_add index_add_")
_OVERWRITING = words("scatter scatter_ index_copy index_copy_")
_PUTTING = words("index_put index_put_ _index_put_impl_ _unsafe_index_put")
_CARRYING = words("_to_copy clone copy_ expand_copy clamp clamp_min clamp_max where masked_fill")
"""Operators whose result is the same index in other memory, but for what names no place."""
_ASKING = words("eq ne lt le gt ge")
"""Operators that take any number: whoever masks an index asks for one that names no place."""


class _Watch(WholeNumberWatch):
    """Finds what a call's whole-number inputs index; ``places`` has how many places there are at least, by storage."""

    def __init__(self, inputs: list[torch.Tensor]) -> None:
        super().__init__(inputs, _WHOLE)
        self.places: dict[int, int] = {}
        self.added: set[int] = set()
        """The inputs that say where something is added."""
        self.overwriting: set[int] = set()
        self.otherwise: set[int] = set()
        """The inputs that somebody computes with, so that another index may be none."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Notes what is indexed and runs the operator."""
        name = func._schema.name.rpartition("::")[2]
        result = func(*args, **(kwargs or {}))
        with without_modes():
            indexed = _indexed(name, args)
            for tensor, size in indexed:
                number = self.number_of(tensor)
                if number is not None:
                    self.places[number] = min(size, self.places.get(number, size))
                    if name in _ADDING or (name in _PUTTING and len(args) > 3 and args[3]):
                        self.added.add(number)
                    elif name in _PUTTING or name in _OVERWRITING:
                        self.overwriting.add(number)
            known = {id(tensor) for tensor, _size in indexed}
            for tensor in [part for part in _tensors(args) if id(part) not in known]:
                number = self.number_of(tensor)
                if number is None:
                    continue
                if name in _CARRYING and isinstance(result, torch.Tensor):
                    self.carry(number, result)
                elif name not in _ASKING and not _is_view(tensor, result):
                    self.otherwise.add(number)
        return result


def _watched(call: Call, inputs: Arguments) -> _Watch:
    """What a call does with whole numbers; it is not made where there are none."""
    arguments = Arguments.from_value(clone_value(inputs.as_value()))
    _tree, given = take_apart(arguments.as_value())
    watch = _Watch(given)
    if any(tensor.dtype in _WHOLE and tensor.numel() for tensor in given):
        with watch:
            call(arguments)
    return watch


def index_ranges(call: Call, inputs: Arguments, _file: str = "") -> dict[int, int]:
    """How many places there are for each input that is nothing but an index, and that names the first of them alone."""
    watch = _watched(call, inputs)
    _tree, given = take_apart(inputs.as_value())
    with without_modes(), torch.no_grad():
        return {
            number: size
            for number, size in watch.places.items()
            if number not in watch.otherwise and _uses_little(given[number].detach(), size)
        }


def repeatable(call: Call, inputs: Arguments, _file: str = "") -> dict[int, int]:
    """How many places there are for each input that says where to add, and that names none of them twice."""
    watch = _watched(call, inputs)
    _tree, given = take_apart(inputs.as_value())
    with without_modes(), torch.no_grad():
        return {
            number: watch.places[number]
            for number in watch.added - watch.overwriting - watch.otherwise
            if _distinct(given[number].detach())
        }


def with_repetition(value: Any, numbers: Mapping[str, int]) -> Any:
    """``value`` with every second place that an index of ``numbers`` names being the one before it; a copy."""
    number = iter(range(1 << 30))

    def change(tensor: torch.Tensor) -> torch.Tensor:
        if str(next(number)) not in numbers:
            return tensor
        with without_modes(), torch.no_grad():
            flat = tensor.detach().reshape(-1).clone()
            flat[1::2] = flat[: 2 * (flat.numel() // 2) : 2]
            return flat.reshape(tensor.shape)

    return map_tensors(clone_value(value), change)


def _distinct(tensor: torch.Tensor) -> bool:
    return tensor.numel() > 1 and tensor.unique().numel() == tensor.numel()


def with_whole_ranges(value: Any, sizes: Mapping[str, int]) -> Any:
    """``value`` with each index of ``sizes``, by its number, drawn from as many places; a copy.

    What names no place stays, as a code for padding does. What was in order still is, and what had no place twice too.
    """
    number = iter(range(1 << 30))

    def change(tensor: torch.Tensor) -> torch.Tensor:
        size = sizes.get(str(next(number)))
        with without_modes(), torch.no_grad():
            return _drawn(tensor.detach(), size) if size is not None else tensor

    return map_tensors(clone_value(value), change)


def _uses_little(tensor: torch.Tensor, size: int) -> bool:
    places = tensor[(tensor >= 0) & (tensor < size)]
    return 0 < size <= _MOST_PLACES and places.numel() > 0 and int(places.max()) + 1 < _MOST_USED * size


def _drawn(tensor: torch.Tensor, size: int) -> torch.Tensor:
    places = (tensor >= 0) & (tensor < size)
    old = tensor[places]
    rows = tensor.reshape(-1, tensor.shape[-1]) if tensor.ndim else tensor.reshape(1, 1)
    if old.unique().numel() == old.numel() and old.numel() <= size:
        new = torch.randperm(size, device=tensor.device)[: old.numel()]
    elif old.numel() == tensor.numel() and _apart(rows) and rows.shape[0] * size <= _MOST_PLACES:
        new = (
            torch.rand(rows.shape[0], size, device=tensor.device).argsort(-1)[:, : rows.shape[1]].reshape(-1)
        )
    else:
        new = torch.randint(0, size, old.shape, device=tensor.device)
        new[-1] = size - 1
    if bool((old[1:] >= old[:-1]).all()):
        new = new.sort().values
    return tensor.masked_scatter(places, new.to(tensor.dtype))


def _apart(rows: torch.Tensor) -> bool:
    """Whether no row of several places names one twice."""
    ordered = rows.sort(-1).values
    return rows.shape[1] > 1 and not bool((ordered[:, 1:] == ordered[:, :-1]).any())


def _indexed(name: str, args: Any) -> list[tuple[torch.Tensor, int]]:
    """The indices among an operator's arguments, each with how many places it may name."""
    if name in ("index", "_unsafe_index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index_put"):
        # A mask takes as many dimensions as it has; places behind one are counted by nobody here.
        indices = args[1]
        masked = any(isinstance(part, torch.Tensor) and part.dtype is torch.bool for part in indices)
        return [
            (part, args[0].shape[axis])
            for axis, part in enumerate(indices)
            if isinstance(part, torch.Tensor) and not masked
        ]
    if name == "embedding":
        return [(args[1], args[0].shape[0])]
    if name in ("nll_loss_forward", "nll_loss2d_forward"):
        return [(args[1], args[0].shape[1 if args[0].ndim > 1 else 0])]
    if name in _ALONG and args[0].ndim:
        return [(args[2], args[0].shape[args[1]])]
    if name == "take":
        return [(args[1], args[0].numel())]
    return []


def _is_view(tensor: torch.Tensor, result: Any) -> bool:
    storage = tensor.untyped_storage()._cdata
    return any(
        part.untyped_storage()._cdata == storage
        for part in _tensors([result])
        if part.layout is torch.strided
    )


def _tensors(value: Any) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    for part in value:
        if isinstance(part, torch.Tensor):
            found.append(part)
        elif isinstance(part, (list, tuple)):
            found += _tensors(part)
    return found
