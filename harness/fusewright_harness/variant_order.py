"""The order in which variants are tried: one of each kind first, as the time may not do for all."""

from __future__ import annotations

from typing import Any

_LATER = {"rows": 1, "columns": 1, "strides": 2, "nan": 3}
"""Kinds that take longest come after others of their round, and those that blame nobody after all."""
_TOLD = 2


def in_turn(variants: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """``variants`` round by round, of each kind one; within its kind each keeps its place.

    The declared sizes made small come first of all: what others give is compared with what these do.
    """
    seen: dict[str, int] = {}
    places = []
    for variant in variants:
        kind = _kind(variant)
        seen[kind] = seen.get(kind, -1) + 1
        later = _LATER.get(kind, 0)
        places.append((kind != "plain", later >= _TOLD, seen[kind], later))
    return [variants[number] for number in sorted(range(len(variants)), key=lambda number: places[number])]


def _kind(variant: dict[str, Any]) -> str:
    kind = str(variant["kind"])
    if kind == "size" and not variant["from"]:
        return "plain"
    if kind == "size" and variant.get("part"):
        return "part"
    if kind == "scaled" and variant["by"] < 1:
        return "small"
    return kind
