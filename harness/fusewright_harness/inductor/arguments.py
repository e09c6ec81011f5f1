"""The reference's arguments, taken apart: each tensor and number with the expression that the wrapper reaches it by."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
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
    module: torch.nn.Module | None = None
    """The reference, where it is a module; its tensors and numbers are the last of the leaves."""

    def call(self, reference: Callable[..., Any], leaves: Iterable[Any]) -> Any:
        """What ``reference`` returns with other values in the leaves' places."""
        following = iter(leaves)
        positional, named = [], {}
        for parameter, value in zip(self.parameters, self.values, strict=True):
            rebuilt = _rebuilt(value, following)
            if parameter.kind is parameter.KEYWORD_ONLY:
                named[parameter.name] = rebuilt
            else:
                positional.append(rebuilt)
        if self.module is None:
            return reference(*positional, **named)
        state = {name: next(following) for name in _state(self.module)}
        numbers = _numbers(self.module)
        try:
            for name in numbers:
                setattr(self.module, name, next(following))
            return torch.func.functional_call(self.module, state, tuple(positional), named)
        finally:
            for name, value in numbers.items():
                setattr(self.module, name, value)


def take_apart(
    reference: Callable[..., Any], inputs: tuple[Any, ...], named: dict[str, Any] | None = None
) -> Arguments:
    """The arguments that ``inputs``, and ``named`` by name, give to ``reference``.

    Raises:
        Unsupported: a value that is neither a tensor, a number, text, None, a dtype or a device nor a list, tuple or
            dictionary of them.
        TypeError: the reference does not take so many.

    """
    module = reference if isinstance(reference, torch.nn.Module) else None
    signature = inspect.signature(reference if module is None else module.forward)
    bound = signature.bind(*inputs, **(named or {}))
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
    if module is not None:
        for name, value in [*_state(module).items(), *_numbers(module).items()]:
            _walk(value, f"self.{name}", _identifier(name, "state"), leaves)
    return Arguments(parameters, values, _told_apart(leaves), module)


def _told_apart(leaves: list[Leaf]) -> list[Leaf]:
    """The leaves with a name of its own for each; arguments themselves keep theirs."""
    taken = {leaf.name for leaf in leaves if leaf.path == leaf.name}
    found = []
    for leaf in leaves:
        name, number = leaf.name, 2
        while leaf.path != leaf.name and name in taken:
            name, number = f"{leaf.name}_{number}", number + 1
        taken.add(name)
        found.append(replace(leaf, name=name))
    return found


def _state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A module's parameters and buffers."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def _numbers(module: torch.nn.Module) -> dict[str, Any]:
    """The numbers that a module keeps: an epsilon, a number of heads."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and not name.startswith("_")
    }


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
