"""The arguments of one call, as a pair's TEST block or main block gives them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

_SPARE_BYTES = 2 << 30


@dataclass
class Arguments:
    """Positional and named arguments of the reference and, alike, of the candidate."""

    positional: tuple[Any, ...]
    named: dict[str, Any]

    @staticmethod
    def of(given: Any) -> Arguments:
        """What ``get_test_inputs()`` returned: a tuple or list of arguments, a dictionary of named ones, or one."""
        if isinstance(given, Arguments):
            return given
        if isinstance(given, dict):
            return Arguments((), given)
        if isinstance(given, (tuple, list)):
            return Arguments(tuple(given), {})
        return Arguments((given,), {})

    def as_value(self) -> Any:
        """A value that can cross between processes."""
        return (self.positional, self.named)

    @staticmethod
    def from_value(value: Any) -> Arguments:
        """The arguments that :meth:`as_value` gave. Raises ``ValueError`` for anything else."""
        match value:
            case (tuple(positional), dict(named)):
                return Arguments(positional, named)
        raise ValueError("arguments' description is damaged")

    def call(self, function: Any) -> Any:
        """Calls ``function`` and returns what it returns."""
        return function(*self.positional, **self.named)


Call = Callable[[Arguments], Any]
"""A call of the reference or of the candidate: whatever it returns for these arguments."""


def map_tensors(value: Any, change: Any) -> Any:
    """``value`` with every tensor in it replaced by ``change(tensor)``."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, dict):
        return {key: map_tensors(part, change) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        parts = [map_tensors(part, change) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    return value


def give_back_memory() -> None:
    """Returns what torch keeps for later to the GPU, where it is much: other processes of the verdict need it."""
    if (
        torch.cuda.is_initialized()
        and torch.cuda.memory_reserved() - torch.cuda.memory_allocated() > _SPARE_BYTES
    ):
        torch.cuda.empty_cache()


def finish(device: torch.device) -> None:
    """Waits for the GPU, so that an error of a kernel is raised where it belongs."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
