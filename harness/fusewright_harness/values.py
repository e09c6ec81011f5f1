"""Arguments and results as plain data: a tree of JSON and a list of tensors.

What a pair's functions take and return is taken apart here, so that it can cross from one process to another
without pickling. The tree keeps lists, tuples, dictionaries, numbers, strings, dtypes and devices; each tensor
is a number into the list beside it. Nothing else can cross, and :func:`take_apart` says so by name.
"""

from __future__ import annotations

import math
from typing import Any

import torch

_MAX_LEAVES = 10_000
_MAX_DEPTH = 32

DTYPES: dict[str, torch.dtype] = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in vars(torch).values()
    if isinstance(dtype, torch.dtype) and not str(dtype).startswith(("torch.q", "torch.bits"))
}


class Untransferable(Exception):
    """A value that cannot cross between processes; the message is one sentence for the user."""


def take_apart(value: Any) -> tuple[Any, list[torch.Tensor]]:
    """The tree of ``value`` and its tensors, in the order in which the tree numbers them.

    Raises :class:`Untransferable` for a value that is neither a number, text, dtype, device nor a list, tuple
    or dictionary of them, and for a tensor that is not a plain dense ``torch.Tensor``.
    """
    tensors: list[torch.Tensor] = []
    leaves = 0

    def walk(item: Any, depth: int) -> Any:
        nonlocal leaves
        leaves += 1
        if leaves > _MAX_LEAVES or depth > _MAX_DEPTH:
            raise Untransferable(
                f"more than {_MAX_LEAVES} values, or more than {_MAX_DEPTH} levels of nesting"
            )
        if isinstance(item, torch.Tensor):
            tensors.append(_plain(item))
            return {"tensor": len(tensors) - 1}
        if item is None or isinstance(item, (bool, str)):
            return {"value": item}
        if isinstance(item, int):
            return {"int": str(int(item))}
        if isinstance(item, float):
            return {"float": float(item).hex()}
        if isinstance(item, complex):
            return {"complex": [item.real.hex(), item.imag.hex()]}
        if isinstance(item, torch.dtype):
            return {"dtype": str(item).removeprefix("torch.")}
        if isinstance(item, torch.device):
            return {"device": str(item)}
        if isinstance(item, dict):
            keys = list(item)
            if not all(isinstance(key, (str, int)) for key in keys):
                raise Untransferable("a dictionary whose keys are neither text nor whole numbers")
            return {"keys": keys, "dict": [walk(item[key], depth + 1) for key in keys]}
        if isinstance(item, list):
            return {"list": [walk(part, depth + 1) for part in item]}
        # Named tuples and torch's own return types are tuples to whoever unpacks them.
        if isinstance(item, tuple):
            return {"tuple": [walk(part, depth + 1) for part in item]}
        raise Untransferable(
            f"a {type(item).__module__}.{type(item).__qualname__}; only tensors, numbers, text and lists, tuples "
            "or dictionaries of them can be passed"
        )

    return walk(value, 0), tensors


def put_together(tree: Any, tensors: list[torch.Tensor]) -> Any:
    """The value that ``tree`` and ``tensors`` describe. Raises ``ValueError`` for a tree that is none."""

    def walk(node: Any, depth: int) -> Any:
        if not isinstance(node, dict) or not node or depth > _MAX_DEPTH:
            raise ValueError("a value's description is damaged")
        match node:
            case {"tensor": int(index)} if 0 <= index < len(tensors):
                return tensors[index]
            case {"value": None | bool() | str() as value}:
                return value
            case {"int": str(digits)} if len(digits) < 400:
                return int(digits)
            case {"float": str(digits)}:
                return float.fromhex(digits)
            case {"complex": [str(real), str(imaginary)]}:
                return complex(float.fromhex(real), float.fromhex(imaginary))
            case {"dtype": str(name)} if name in DTYPES:
                return DTYPES[name]
            case {"device": str(name)}:
                return torch.device(name)
            case {"keys": list(keys), "dict": list(parts)} if len(keys) == len(parts):
                return {key: walk(part, depth + 1) for key, part in zip(keys, parts, strict=True)}
            case {"list": list(parts)}:
                return [walk(part, depth + 1) for part in parts]
            case {"tuple": list(parts)}:
                return tuple(walk(part, depth + 1) for part in parts)
        raise ValueError("a value's description is damaged")

    return walk(tree, 0)


def leaves(tree: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """The leaves of a tree with their places, as Python would index them: ``[0]["key"]``."""
    for kind in ("list", "tuple"):
        if kind in tree:
            return [leaf for i, part in enumerate(tree[kind]) for leaf in leaves(part, f"{path}[{i}]")]
    if "dict" in tree:
        pairs = zip(tree["keys"], tree["dict"], strict=True)
        return [leaf for key, part in pairs for leaf in leaves(part, f"{path}[{key!r}]")]
    return [(path, tree)]


def describe_structure(tree: Any) -> str:
    """The shape of a tree in Python's words: ``tuple(tensor, int)``."""
    for kind in ("list", "tuple"):
        if kind in tree:
            return f"{kind}({', '.join(describe_structure(part) for part in tree[kind])})"
    if "dict" in tree:
        pairs = zip(tree["keys"], tree["dict"], strict=True)
        return "dict(" + ", ".join(f"{key}: {describe_structure(part)}" for key, part in pairs) + ")"
    (kind,) = (key for key in tree)
    if kind == "value":
        return type(tree["value"]).__name__ if tree["value"] is not None else "None"
    return kind


def leaf_number(leaf: dict[str, Any]) -> float | int | complex | None:
    """The number that a leaf holds, or None where it holds something else."""
    value = put_together(leaf, []) if "tensor" not in leaf else None
    if isinstance(value, (int, float, complex)):
        return value
    return None


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
        raise Untransferable(f"a {type(tensor).__qualname__}, where a plain torch.Tensor is wanted")
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_nested or tensor.is_meta:
        raise Untransferable("a tensor that is sparse, quantised, nested or without data")
    if tensor.is_conj() or tensor.is_neg():
        tensor = tensor.resolve_conj().resolve_neg()
    return tensor


def view_fits(shape: list[int], stride: list[int], offset: int, elements: int) -> bool:
    """Whether a strided view stays inside a storage of ``elements`` elements."""
    if len(shape) != len(stride) or offset < 0 or any(size < 0 for size in shape):
        return False
    if any(step < 0 for step in stride):
        return False
    if math.prod(shape) == 0:
        return offset <= elements
    last = offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
    return last < elements
