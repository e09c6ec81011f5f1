"""Values that a reference asks for by name, as a code for padding is, and inputs that hold them."""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.call import Arguments, Call, map_tensors
from fusewright_harness.dispatch_mode import DispatchMode
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import take_apart

_PART = 8
_MOST = 4
_USUAL_IGNORED = -100
_LABELS = (torch.int32, torch.int64)
_COMPARING = ("eq", "ne")
_IGNORING = {"nll_loss_forward": (1, 4), "nll_loss2d_forward": (1, 4)}
"""Operators that leave out a code, by name: where the codes stand among their arguments, and where the one left out."""


class _Watch(DispatchMode):
    """Finds comparisons of a call's inputs with numbers."""

    def __init__(self, inputs: list[torch.Tensor]) -> None:
        super().__init__()
        self._number = {tensor.untyped_storage()._cdata: number for number, tensor in enumerate(inputs)}
        self.found: dict[tuple[int, float | int], None] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Notes what is compared and runs the operator."""
        name = func._schema.name.rpartition("::")[2].removesuffix("_")
        with without_modes():
            if name in _COMPARING and len(args) == 2:
                self._note(args[0], args[1])
            elif name in _IGNORING and len(args) > _IGNORING[name][1]:
                tensor, code = (args[place] for place in _IGNORING[name])
                if code != _USUAL_IGNORED:
                    self._note(tensor, code)
        return func(*args, **(kwargs or {}))

    def _note(self, tensor: Any, code: Any) -> None:
        if isinstance(code, torch.Tensor) and code.ndim == 0 and code.device.type == "cpu":
            code = code.item()
        if (
            not isinstance(tensor, torch.Tensor)
            or isinstance(code, bool)
            or not isinstance(code, (int, float))
        ):
            return
        number = self._number.get(tensor.untyped_storage()._cdata)
        if number is not None and tensor.dtype is not torch.bool and code == code:
            self.found[(number, code)] = None


def asked_codes(call: Call, inputs: Arguments, _file: str = "") -> list[tuple[int, float | int]]:
    """The codes that the reference compares an input with and that this input does not hold: its number, the code."""
    arguments = Arguments.from_value(clone_value(inputs.as_value()))
    _tree, given = take_apart(arguments.as_value())
    watch = _Watch(given)
    with watch:
        call(arguments)
    _tree, given = take_apart(inputs.as_value())
    with without_modes(), torch.no_grad():
        absent = [
            (number, code)
            for number, code in watch.found
            if given[number].numel() >= _PART and not bool((given[number] == code).any())
        ]
    return absent[:_MOST]


def ignored_whole(call: Call, inputs: Arguments, _file: str = "") -> list[int]:
    """The numbers of those inputs that the reference compares with -100, and no row of which is nothing but that.

    It stands for labels that count for nothing, and for nothing else. A batch may hold no others.
    """
    arguments = Arguments.from_value(clone_value(inputs.as_value()))
    _tree, given = take_apart(arguments.as_value())
    if not any(tensor.dtype in _LABELS for tensor in given):
        return []
    watch = _Watch(given)
    with watch:
        call(arguments)
    _tree, given = take_apart(inputs.as_value())
    with without_modes(), torch.no_grad():
        return [
            number
            for number, code in watch.found
            if code == _USUAL_IGNORED
            and given[number].dtype in _LABELS
            and given[number].ndim
            and given[number].numel()
            and not bool((given[number] == code).all(-1).any())
        ]


def with_code(value: Any, number: int, code: float | int, row: bool = False) -> Any:
    """``value`` with ``code`` in place of some elements of its tensor ``number``, the first and the last among them.

    With ``row`` it stands in place of one row instead.
    """
    place = iter(range(1 << 30))

    def change(tensor: torch.Tensor) -> torch.Tensor:
        if next(place) != number:
            return tensor
        with without_modes(), torch.no_grad():
            result = tensor.detach().clone()
            if row:
                chosen = torch.zeros(result.shape, device=result.device, dtype=torch.bool)
                chosen.view(-1, result.shape[-1])[0] = True
            else:
                chosen = torch.rand(result.shape, device=result.device) < 1 / _PART
                chosen.view(-1)[0] = chosen.view(-1)[-1] = True
            return result.masked_fill_(chosen, code).requires_grad_(tensor.requires_grad)

    return map_tensors(value, change)
