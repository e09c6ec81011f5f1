"""The reference's arguments, taken apart: each tensor and number with the expression that the wrapper reaches it by."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from fusewright_harness.inductor.unsupported import Unsupported

_CONSTANTS = (bool, str, torch.dtype, torch.device, torch.memory_format, type(None))


@dataclass(frozen=True, eq=False)
class Leaf:
    """One tensor, number or constant among the arguments."""

    path: str
    """What the wrapper writes to reach it: ``x``, ``parameters["scale"]``, ``lefts[0]``."""
    name: str
    """An identifier for it: ``x``, ``scale``, ``lefts_0``."""
    value: Any = field(repr=False)

    @property
    def is_tensor(self) -> bool:
        """Whether it is a tensor."""
        return isinstance(self.value, torch.Tensor)

    @property
    def is_number(self) -> bool:
        """Whether it is a number that a kernel can be given: anything else is part of what the kernel does."""
        return isinstance(self.value, (int, float)) and not isinstance(self.value, bool)


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call and their leaves, in order."""

    parameters: list[inspect.Parameter]
    """The reference's own parameters; those that the inputs leave out keep their defaults."""
    values: list[Any]
    leaves: list[Leaf]

    def rebuilt(self, leaves: Iterable[Any]) -> list[Any]:
        """The arguments with other values in the leaves' places."""
        following = iter(leaves)
        return [_rebuilt(value, following) for value in self.values]


def take_apart(reference: Callable[..., Any], inputs: tuple[Any, ...]) -> Arguments:
    """The arguments that ``inputs`` give to ``reference``.

    Raises:
        Unsupported: a value that is neither a tensor, a number, text, None, a dtype or a device nor a list, tuple or
            dictionary of them.
        TypeError: the reference does not take so many.

    """
    signature = inspect.signature(reference)
    bound = signature.bind(*inputs)
    bound.apply_defaults()
    parameters = list(signature.parameters.values())
    leaves: list[Leaf] = []
    values = []
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            if bound.arguments[parameter.name]:
                raise Unsupported(
                    f"*{parameter.name}",
                    f"the reference takes any number of arguments as `{parameter}`: "
                    "give each tensor a parameter of its own",
                )
            continue
        value = bound.arguments[parameter.name]
        values.append(value)
        _walk(value, parameter.name, parameter.name, leaves)
    parameters = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return Arguments(parameters, values, leaves)


def _walk(value: Any, path: str, name: str, leaves: list[Leaf]) -> None:
    if isinstance(value, dict):
        for key, part in value.items():
            _walk(part, f"{path}[{_literal(key)}]", _identifier(key, name), leaves)
    elif isinstance(value, (list, tuple)):
        for place, part in enumerate(value):
            _walk(part, f"{path}[{place}]", f"{name}_{place}", leaves)
    elif isinstance(value, (torch.Tensor, int, float, *_CONSTANTS)):
        leaves.append(Leaf(path, name, value))
    else:
        raise Unsupported(
            type(value).__name__,
            f"the argument `{path}` is a {type(value).__name__}: "
            "only tensors, numbers, text, None, dtypes and containers of them are written for",
        )


def _literal(key: Any) -> str:
    return f'"{key}"' if isinstance(key, str) and '"' not in key and "\\" not in key else repr(key)


def _identifier(key: Any, parent: str) -> str:
    text = re.sub(r"\W", "_", str(key))
    usable = text.isidentifier() and not keyword.iskeyword(text)
    return text if usable else f"{parent}_{text}"


def _rebuilt(value: Any, following: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rebuilt(part, following) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_rebuilt(part, following) for part in value))
    if isinstance(value, (list, tuple)):
        return type(value)(_rebuilt(part, following) for part in value)
    return next(following)
