"""Numbers that a reference compares an argument with, which choose another branch: `if temperature == 0.0`.

A kernel may know one branch alone. What an argument is compared with is what it has to be to take the other.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch

from fusewright_harness.options import leaves

_Number = float | int
_MOST_NUMBERS = 2


def asked_numbers(code: str, function: Callable[..., Any], value: Any) -> dict[int, list[_Number]]:
    """What numbers among the arguments ``value`` of ``function`` are compared with in its text, ``code``.

    The numbers are named by their places among all leaves of ``value``. A number that it is already is left out, and
    so is one for an argument that is none.
    """
    compared = _compared(code)
    if not compared:
        return {}
    try:
        called = function.forward if isinstance(function, torch.nn.Module) else function
        names = list(inspect.signature(called).parameters)
    except (TypeError, ValueError):
        return {}
    found = {}
    for name, place, item in _named_leaves(names, value):
        if not isinstance(item, (int, float)) or isinstance(item, bool):
            continue
        numbers = [
            float(number) if isinstance(item, float) else number
            for number in compared.get(name, [])
            if number != item and (isinstance(item, float) or isinstance(number, int))
        ]
        if numbers:
            found[place] = numbers[:_MOST_NUMBERS]
    return found


def _compared(code: str) -> Mapping[str, list[_Number]]:
    """The numbers that names are compared with for equality in a text; none where it cannot be parsed."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return {}
    found: dict[str, list[_Number]] = {}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Compare) and len(node.ops) == 1):
            continue
        if not isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
            continue
        sides = node.left, node.comparators[0]
        for name, constant in (sides, sides[::-1]):
            if isinstance(name, ast.Name) and isinstance(constant, ast.Constant):
                number = constant.value
                if isinstance(number, (int, float)) and not isinstance(number, bool):
                    found.setdefault(name.id, []).append(number)
    return found


def _named_leaves(names: list[str], value: Any) -> list[tuple[str, int, Any]]:
    """The arguments that are leaves themselves: their parameters' names, their places among all leaves, and them."""
    positional, named = value
    place = 0
    found = []
    for name, item in [*zip(names, positional, strict=False), *named.items()]:
        if not isinstance(item, (dict, list, tuple)):
            found.append((name, place, item))
        place += len(leaves(item))
    return found
