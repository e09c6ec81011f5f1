"""Smaller inputs in the place of a pair's own, where Triton's interpreter would take too long at the declared sizes.

Sizes that real models have keep the interpreter busy for minutes or hours. Large ones are renamed as variants of the
audit are (:mod:`renaming`), but gently: divided by powers of two, so that what a block, a head or a group divided it
still divides. There are several plans, each for where the ones before are refused or too slow still.
"""

from __future__ import annotations

from typing import Any

from fusewright_harness.renaming import renamed, sizes_of
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart

DECLARED = 0
"""The plan that leaves the sizes as they are."""

MOST_ELEMENTS = 1 << 22
"""With more elements the declared sizes are not even tried."""

FEWEST_ELEMENTS = 1 << 12
"""With fewer the declared sizes have all the time."""

_FEW_ELEMENTS = 1 << 18
_SHARE = 16
_FLOORS = (128, 32, 8)
_MOST_ALONE = 3
MOST_PLANS = len(_FLOORS) + _MOST_ALONE
_MOST_HALVINGS = 40


def plans(value: Any, fixed: set[int]) -> list[dict[int, int]]:
    """What large sizes of ``value`` are made, plan by plan; those in ``fixed`` stay.

    First all together, not below 128, then not below 32 and 8, then one size alone.
    """
    sizes = [size for size in sizes_of(value) if size not in fixed]
    with without_modes():
        shapes = [tuple(tensor.shape) for tensor in take_apart(value)[1]]
    found: list[dict[int, int]] = []
    for chosen, floor in [
        *((sizes, floor) for floor in _FLOORS),
        *(([size], _FLOORS[-1]) for size in sorted(sizes, reverse=True)[:_MOST_ALONE]),
    ]:
        names = _divided(shapes, chosen, floor)
        if names and names not in found:
            found.append(names)
    return found


def reduced(value: Any, plan: int, fixed: set[int]) -> tuple[Any, dict[int, int]] | None:
    """``value`` by the plan of that number, from 1, and what was made of which size; None where there is no such."""
    names = dict(enumerate(plans(value, fixed), 1)).get(plan)
    return (renamed(value, names), names) if names else None


def _divided(shapes: list[tuple[int, ...]], sizes: list[int], floor: int) -> dict[int, int]:
    """The sizes divided by two until few elements are left, all alike, so that multiples of one another stay that."""
    names: dict[int, int] = {}
    few = min(_FEW_ELEMENTS, _elements(shapes, names) // _SHARE)
    for halvings in range(1, _MOST_HALVINGS):
        if _elements(shapes, names) <= few:
            break
        names = {size: made for size in sizes if (made := _halved(size, halvings, floor)) != size}
    return names


def _halved(size: int, times: int, floor: int) -> int:
    for _ in range(times):
        if size < 2 * floor:
            break
        # What was odd stays odd: no block divided it, so none should now.
        size = size // 2 if size % 2 == 0 else size // 2 | 1
    return size


def _elements(shapes: list[tuple[int, ...]], names: dict[int, int]) -> int:
    total = 0
    for shape in shapes:
        count = 1
        for size in shape:
            count *= names.get(size, size)
        total += count
    return total
