"""What the wrapper asks of its arguments: what the trace took for granted beside the sizes that it reads.

A kernel that was written for one meaning of its arguments has to refuse another one: an error can be mended, a wrong
result is not seen.
"""

from __future__ import annotations

from typing import Any

import sympy
import torch
from torch.utils._sympy.functions import Max

from fusewright_harness.inductor.arguments import Leaf
from fusewright_harness.inductor.origins import Origin
from fusewright_harness.inductor.sizes import Sizes
from fusewright_harness.inductor.trace import Traced

# Bounds this large are Inductor's own, on how it counts elements.
_LARGE = 1 << 20


def constant_checks(traced: Traced) -> list[str]:
    """Lines that refuse other values of what is not handed to a kernel: text, switches, dtypes, None."""
    lines: list[str] = []
    for parameter, value in zip(traced.arguments.parameters, traced.arguments.values, strict=True):
        if isinstance(value, (list, tuple, dict)):
            test = f"len({parameter.name}) != {len(value)}"
            if any(leaf.path.startswith(f"{parameter.name}[") for leaf in traced.windows):
                test = f"not isinstance({parameter.name}, (list, tuple)) or {test}"
            lines += _refusal(test, f"{parameter.name} has to have {len(value)} parts")
    for leaf in traced.windows:
        if leaf.path != leaf.name:
            continue
        test = f"not isinstance({leaf.path}, int)"
        lines += _refusal(test, f"{leaf.name} has to be one whole number")
    for leaf in traced.arguments.leaves:
        if leaf.is_tensor or leaf.is_number or isinstance(leaf.value, torch.device):
            continue
        text = _literal(leaf.value)
        operator = "is not" if leaf.value is None or isinstance(leaf.value, bool) else "!="
        test = leaf.path if leaf.value is False else f"{leaf.path} {operator} {text}"
        test = f"not {leaf.path}" if leaf.value is True else test
        lines += _refusal(test, f"{leaf.name} has to be {text}")
    return lines


def size_checks(traced: Traced, sizes: Sizes) -> list[str]:
    """Lines that refuse sizes and numbers other than those that the trace found to be equal."""
    unequal: dict[Leaf, list[tuple[str, str]]] = {}
    for symbol, origin in traced.origins.items():
        value = sizes.canonical(symbol)
        if value in traced.origins and traced.origins[value].expression == origin.expression:
            continue
        if value == symbol or origin.what in ("stride", "part", "places", "count"):
            continue
        if isinstance(value, sympy.Symbol) and sizes.origin(value) is origin:
            # The wrapper reads the size here, so that it is the other one which has to be as large.
            origin = traced.origins[value]
        unequal.setdefault(origin.leaf, []).append((origin.expression, sizes.text(value)))
    for leaf in traced.leaves:
        if leaf.is_tensor:
            single = [Origin(leaf, d, "size") for d, size in enumerate(leaf.value.shape) if size < 2]
            tests = [(origin.expression, str(leaf.value.shape[origin.dimension])) for origin in single]
            if tests:
                unequal.setdefault(leaf, []).extend(tests)
    lines: list[str] = []
    for tests in unequal.values():
        test = " or ".join(f"{given} != {asked}" for given, asked in tests)
        lines += _refusal(test, ", ".join(f"{given} has to be {asked}" for given, asked in tests))
    known = _Equal()
    for condition in traced.conditions:
        if not _implied(condition, traced) and known.is_news(condition, sizes):
            lines += _condition(condition, sizes)
    return lines


class _Equal:
    """What the lines so far say to be equal."""

    def __init__(self) -> None:
        self._groups: list[set[str]] = []
        self._told: set[str] = {"True"}

    def is_news(self, condition: Any, sizes: Sizes) -> bool:
        """Whether a condition does not follow from those before it."""
        text = sizes.text(condition)
        if text in self._told:
            return False
        self._told.add(text)
        if not isinstance(condition, sympy.Equality):
            return True
        sides = {sizes.text(side) for side in condition.args}
        touched = [group for group in self._groups if group & sides]
        if len(sides) < 2 or any(sides <= group for group in touched):
            return False
        self._groups = [group for group in self._groups if not group & sides]
        self._groups.append(sides.union(*touched))
        return True


def _condition(condition: Any, sizes: Sizes) -> list[str]:
    """The line that refuses what a condition is false for, and says what it asks."""
    text = sizes.text(condition)
    if not isinstance(condition, sympy.Equality):
        return _refusal(f"not ({text})", f"the sizes have to be such that {text}")
    given, asked = sorted(
        (sizes.text(side) for side in condition.args), key=lambda side: not side.isidentifier()
    )
    return _refusal(f"{given} != {asked}", f"{given} has to be {asked}")


def _refusal(test: str, message: str) -> list[str]:
    # A key of a dictionary has quotes of its own.
    told = message.replace("\\", "\\\\").replace('"', "'")
    return [f"if {test}:", f'    raise ValueError("{told}")']


def _implied(expression: Any, traced: Traced) -> bool:
    """Whether a condition says nothing: it holds for sizes in general, or is about strides or huge numbers."""
    symbols = expression.free_symbols
    if not symbols or any(traced.origins[s].what == "stride" for s in symbols if s in traced.origins):
        return True
    # Equal sizes have one name by now, and the other is asked for above.
    if isinstance(expression, sympy.Unequality):
        return True
    expression = expression.xreplace(traced.environment.replacements)
    counts = {symbol: origin.parts for symbol, origin in traced.origins.items() if origin.what == "count"}
    while expression.free_symbols & set(counts):
        expression = expression.xreplace(counts)
    if any(abs(number) >= _LARGE for number in expression.atoms(sympy.Integer)):
        return True
    # A stride is that of a tensor with elements.
    expression = expression.replace(
        lambda part: isinstance(part, Max) and sympy.Integer(1) in part.args,
        lambda part: Max(*(size for size in part.args if size != 1)),
    )
    windows = {symbol for symbol, origin in traced.origins.items() if origin.least is not None}
    return all(_holds(expression, values, windows) for values in _GENERAL)


# Sizes with nothing in common, in every order.
_GENERAL = [(1009, 211, 463, 97, 757), (89, 997, 307, 613, 151), (503, 131, 73, 919, 269)]


_WINDOWS = (2, 3, 1)


def _holds(expression: Any, values: tuple[int, ...], windows: set[sympy.Symbol]) -> bool:
    symbols = sorted(expression.free_symbols, key=str)
    given = {
        symbol: sympy.Integer(
            _WINDOWS[place % len(_WINDOWS)] if symbol in windows else values[place % len(values)] + place
        )
        for place, symbol in enumerate(symbols)
    }
    try:
        return expression.xreplace(given) == sympy.true
    except (TypeError, ValueError, ZeroDivisionError):
        return False


def _literal(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)
