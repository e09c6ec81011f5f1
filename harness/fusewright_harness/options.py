"""Other options of a call: numbers, flags, words and dtypes beside its tensors, one changed at a time.

An argument that TEST gives one value is one that a kernel may ignore. Each is given another value, and what the
reference refuses is left out.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import Any

import torch

from fusewright_harness.renaming import rebuilt
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart

_MOST = 12
_MOST_WORDS = 6
_LONGEST_WORD = 24
_MARGIN = 1e-3
"""Numbers up to this size are margins, as the epsilon of a norm is, which count beside small values, or weights."""
_MUCH = 0.1
"""A weight that is seen beside values of ordinary size, and a margin that does no harm."""
_FAR = 1000.0
_MOST_AXES = 3
_SMALL_NUMBER = 4
_FAMILIES = (
    ("mean", "sum", "none"),
    ("none", "tanh"),
    ("mean", "sum", "max", "min"),
    ("amax", "amin", "mean", "sum", "prod"),
    ("relu", "gelu", "silu", "tanh", "sigmoid"),
    ("constant", "reflect", "replicate", "circular"),
    ("zeros", "border", "reflection"),
    ("nearest", "bilinear", "bicubic", "area"),
    ("floor", "trunc"),
    ("left", "right"),
)
"""Words that torch's functions, or people, take one of."""
_DTYPES = {torch.float32: "float16", torch.float16: "float32", torch.bfloat16: "float32"}


def words_of(code: str) -> list[str]:
    """The short words among the string constants of a block, in their order; none where it cannot be parsed."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return []
    found = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    words = [word for word in found if isinstance(word, str) and 0 < len(word) <= _LONGEST_WORD]
    return list(dict.fromkeys(word for word in words if word.replace("-", "_").isidentifier()))


def option_variants(
    value: Any, sizes: frozenset[int], words: list[str], asked: Mapping[int, list[float | int]] | None = None
) -> list[dict[str, Any]]:
    """Variants of ``value`` with one option changed each, ``words`` being those that the reference's text has.

    ``place`` numbers the leaves of ``value``, ``to`` lists what the option may be instead, the likeliest first. Whole
    numbers that are ``sizes`` of tensors stay what they are, but for one of several equal ones, as two strides are;
    ``asked`` has the numbers that the reference compares an option with.
    """
    found: list[dict[str, Any]] = []
    alike = _alike(value)
    for place, item in enumerate(leaves(value)):
        choices = _choices(item, frozenset() if place in alike else sizes, words)
        margin = isinstance(item, float) and 0 < abs(item) <= _MARGIN
        variant = {"kind": "option", "place": place, "was": _named(item)}
        found += [{**variant, "to": to, "small": margin and abs(to[0]) < _MUCH} for to in choices]
        if not (isinstance(item, int) and item in sizes):
            numbers = (asked or {}).get(place, [])
            found += [{**variant, "to": [number], "small": False} for number in numbers]
    return found[:_MOST]


def with_option(value: Any, place: int, choice: Any) -> Any:
    """``value`` with the option at ``place`` made ``choice``, an element of a variant's ``to``."""
    number = iter(range(1 << 30))

    def walk(item: Any) -> Any:
        if isinstance(item, (dict, list, tuple)):
            return rebuilt(item, walk)
        return _made(value, choice) if next(number) == place else item

    return walk(value)


def leaves(value: Any) -> list[Any]:
    """What lists, tuples and dictionaries hold, in its order; the places of options number it."""
    if isinstance(value, (dict, list, tuple)):
        parts = value.values() if isinstance(value, dict) else value
        return [leaf for part in parts for leaf in leaves(part)]
    return [value]


def _alike(value: Any, first: int = 0) -> set[int]:
    """The places of the last of a few equal small numbers that stand together, as one for each axis do."""
    found: set[int] = set()
    if not isinstance(value, (dict, list, tuple)):
        return found
    parts = list(value.values() if isinstance(value, dict) else value)
    whole = all(isinstance(part, int) and not isinstance(part, bool) for part in parts)
    if isinstance(value, (list, tuple)) and whole and 1 < len(parts) <= _MOST_AXES:
        if 0 < parts[0] <= _SMALL_NUMBER and len(set(parts)) == 1:
            found.add(first + len(parts) - 1)
        return found
    for part in parts:
        found |= _alike(part, first)
        first += len(leaves(part)) if isinstance(part, (dict, list, tuple)) else 1
    return found


def _named(item: Any) -> str:
    return str(item).removeprefix("torch.") if isinstance(item, torch.dtype) else repr(item)


def _choices(item: Any, sizes: frozenset[int], words: list[str]) -> list[list[Any]]:
    """What an option may be instead: of each list the first that the reference takes."""
    if isinstance(item, bool):
        return [[not item]]
    if isinstance(item, int):
        return [] if item in sizes else [[item + 1, item - 1]]
    if isinstance(item, float):
        if not math.isfinite(item):
            return []
        if 0 < abs(item) <= _MARGIN:
            # Four times next to nothing is nothing still.
            return [[math.copysign(max(4 * abs(item), _MARGIN), item)], [math.copysign(_MUCH, item)]]
        # A limit that nothing comes near is none at three quarters either, nor does a tiny weight weigh more there.
        far_less = [item / _FAR, item / _FAR**2] if item >= 1 else []
        return [[0.75 * item or 0.25, *far_less, *([item * _FAR] if item else [])]]
    if isinstance(item, str):
        kin = [word for family in _FAMILIES if item in family for word in family]
        others = [word for word in dict.fromkeys([*words, *kin]) if word != item]
        return [[word] for word in others[:_MOST_WORDS]]
    if isinstance(item, torch.dtype) and item in _DTYPES:
        return [[{"dtype": _DTYPES[item]}]]
    if item is None:
        return [[{"row": True}]]
    return []


def _made(value: Any, choice: Any) -> Any:
    """The option itself; for one that was None a tensor as a bias is: one number for each element of a row.

    Or, where the choice says ``full``, one as large as the first of several dimensions, as a residual is.
    """
    if not isinstance(choice, dict):
        return choice
    if "dtype" in choice:
        return getattr(torch, choice["dtype"])
    with without_modes(), torch.no_grad():
        for tensor in take_apart(value)[1]:
            if tensor.is_floating_point() and tensor.dtype.itemsize > 1 and tensor.ndim > 1:
                shape = tensor.shape if "full" in choice else tensor.shape[-1:]
                draw = torch.empty(shape, device=tensor.device, dtype=torch.float32)
                return draw.uniform_(-1, 1).to(tensor.dtype)
    return None
