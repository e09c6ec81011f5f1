"""Other options of a call: numbers, flags, words and dtypes beside its tensors, one changed at a time.

An argument that TEST gives one value is one that a kernel may ignore. Each is given another value, and what the
reference refuses is left out.
"""

from __future__ import annotations

import ast
import math
from typing import Any

import torch

from fusewright_harness.renaming import rebuilt
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart

_MOST = 12
_MOST_WORDS = 6
_LONGEST_WORD = 24
_MARGIN = 1e-3
"""Numbers up to this size are margins, as the epsilon of a norm is: they count beside small values alone."""
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


def option_variants(value: Any, sizes: frozenset[int], words: list[str]) -> list[dict[str, Any]]:
    """Variants of ``value`` with one option changed each, ``words`` being those that the reference's text has.

    ``place`` numbers the leaves of ``value``, ``to`` lists what the option may be instead, the likeliest first. Whole
    numbers that are ``sizes`` of tensors stay what they are.
    """
    found: list[dict[str, Any]] = []
    for place, item in enumerate(_leaves(value)):
        for choices in _choices(item, sizes, words):
            small = isinstance(item, float) and 0 < abs(item) <= _MARGIN
            found.append(
                {"kind": "option", "place": place, "was": _named(item), "to": choices, "small": small}
            )
    return found[:_MOST]


def with_option(value: Any, place: int, choice: Any) -> Any:
    """``value`` with the option at ``place`` made ``choice``, an element of a variant's ``to``."""
    number = iter(range(1 << 30))

    def walk(item: Any) -> Any:
        if isinstance(item, (dict, list, tuple)):
            return rebuilt(item, walk)
        return _made(value, choice) if next(number) == place else item

    return walk(value)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, (dict, list, tuple)):
        parts = value.values() if isinstance(value, dict) else value
        return [leaf for part in parts for leaf in _leaves(part)]
    return [value]


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
            return [[math.copysign(max(4 * abs(item), _MARGIN), item)]]
        return [[0.75 * item or 0.25]]
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
