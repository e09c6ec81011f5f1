"""The operators of one call: the memory that each reads and writes, what it costs, and what its values show at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from fusewright_harness.call import Arguments, Call
from fusewright_harness.call_trace import words
from fusewright_harness.dispatch_mode import DispatchMode
from fusewright_harness.operator_cost import cost_of, is_counted
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import Untransferable, take_apart

_MOST_STEPS = 400
_MOST_BYTES = 1 << 30
_FEWEST = 64
_SHORT = 8
FEW_PLACES = 4
"""A dimension of fewer places shows nothing by being the same along it."""
MUCH_LARGER = 16
"""So many times its factors' elements an outer product has, and its sums no more than one of so many."""

MOVING = words(
    "repeat cat stack constant_pad_nd clone _to_copy copy_ contiguous index_select index gather flip roll im2col "
    "repeat_interleave tril triu"
)
_REDUCING = words("sum mean amax amin prod max min")
_PRODUCTS = words("mm bmm addmm baddbmm mv")
_MULTIPLYING = words("mul mm bmm")
_SHARING = words("_softmax _log_softmax _safe_softmax")
_SAME_PLACES = words("clone _to_copy copy_")
WIDE = (torch.float64, torch.complex128)

Region = tuple[int, tuple[int, ...], tuple[int, ...], int]
"""A tensor's memory: its storage's key, its shape, its strides and its offset."""


@dataclass(eq=False)
class WorkStep:
    """One operator: its memory, what it costs in bytes, and what its values showed at once."""

    name: str
    pointwise: bool
    heavy: bool
    cost: float
    written: float
    reads: list[Region]
    writes: list[Region]
    wide: bool
    alike: int
    """The size of a dimension along which the result is the same; 0 where there is none."""
    rejoined: bool
    """Whether it is a reduction along a dimension along which what it is given is the same."""
    tainted: bool
    outer: bool
    """Whether it multiplies each element of one tensor by many of another, and gives far more than both have."""
    along: int | None
    """The dimension whose elements a softmax takes together; None for any other operator."""
    product: tuple[str, int] | None
    """What is needless about a product ("picks", "adds up", …), and the memory of the matrix that makes it so."""


@dataclass
class WorkRun:
    """One call's operators, and its inputs' and results' memory."""

    steps: list[WorkStep] = field(default_factory=list)
    outputs: list[torch.Tensor] = field(default_factory=list)
    elements: dict[int, int] = field(default_factory=dict)


class _Watch(DispatchMode):
    """Writes down the operators of a call. ``full`` says that there were too many, or too large ones, to look at."""

    def __init__(self, inputs: list[torch.Tensor]) -> None:
        super().__init__()
        self.full = False
        self.run = WorkRun()
        self._bytes = 0
        self._held: list[torch.Tensor] = []
        self._made: set[int] = set()
        self._tainted: set[int] = set()
        for tensor in inputs:
            self._hold(tensor)
            self._tainted.add(storage_key(tensor))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs the operator and writes it down."""
        result = func(*args, **(kwargs or {}))
        if not self.full:
            with without_modes():
                self._record(func, args, kwargs or {}, result)
        return result

    def _hold(self, tensor: torch.Tensor) -> None:
        # While it is held no other storage has its address.
        self._held.append(tensor)
        key = storage_key(tensor)
        if key not in self.run.elements:
            self._bytes += tensor.untyped_storage().nbytes()
            self.run.elements[key] = 0
        storage = tensor.untyped_storage().nbytes() // max(1, tensor.dtype.itemsize)
        self.run.elements[key] = max(self.run.elements[key], storage)
        self.full |= self._bytes > _MOST_BYTES or len(self.run.steps) >= _MOST_STEPS

    def _record(self, func: Any, args: Any, kwargs: dict[str, Any], result: Any) -> None:
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        if any(tensor.layout is not torch.strided or tensor.is_meta for tensor in (*given, *made)):
            self.full = True
            return
        for tensor in (*given, *made):
            self._hold(tensor)
        mutable = func._schema.is_mutable
        keys = {storage_key(tensor) for tensor in given}
        if self.full or (not mutable and made and all(storage_key(tensor) in keys for tensor in made)):
            return
        name = func._schema.name.rpartition("::")[2]
        written = float(sum(tensor.numel() * tensor.dtype.itemsize for tensor in made))
        tainted = bool(keys & self._tainted)
        pointwise = torch.Tag.pointwise in func.tags or name in _SAME_PLACES
        places = pointwise or name in MOVING
        step = WorkStep(
            name,
            pointwise,
            is_counted(func),
            cost_of(func, args, kwargs, result, (*given, *made)),
            written,
            [region_of(tensor) for tensor in given],
            [region_of(tensor) for tensor in made],
            any(tensor.dtype in WIDE for tensor in (*given, *made)),
            alike_along(made[0]) if len(made) == 1 and places and tainted and not mutable else 0,
            name in _REDUCING and tainted and _rejoins(given[0], made),
            tainted,
            name in _MULTIPLYING and tainted and _outer(given, made),
            int(args[1]) if name in _SHARING and len(args) > 1 else None,
            self._needless_product(name, given),
        )
        self.run.steps.append(step)
        for tensor in made:
            self._made.add(storage_key(tensor))
            if tainted:
                self._tainted.add(storage_key(tensor))

    def _needless_product(self, name: str, given: list[torch.Tensor]) -> tuple[str, int] | None:
        if name not in _PRODUCTS or len(given) < 2:
            return None
        left, right = given[-2:]
        for matrix, rows in ((left, -1), (right, -2 if right.ndim > 1 else -1)):
            if (
                storage_key(matrix) in self._made
                and matrix.shape[rows] >= _SHORT
                and matrix.numel() >= _FEWEST
            ):
                found = _structure(matrix, rows)
                if found is not None:
                    return found, storage_key(matrix)
        return None


def run_of(call: Call, inputs: Arguments) -> tuple[WorkRun, list[torch.Tensor]] | None:
    """The operators of a call on copies of ``inputs``, and those copies; None where it fails or is too long."""
    arguments = Arguments.from_value(clone_value(inputs.as_value()))
    _tree, given = take_apart(arguments.as_value())
    watch = _Watch(given)
    try:
        with watch:
            result = call(arguments)
        _tree, outputs = take_apart(result)
        _tree, after = take_apart(arguments.as_value())
    except (Exception, Untransferable):
        return None
    if watch.full or not outputs:
        return None
    watch.run.outputs = [tensor.detach() for tensor in (*outputs, *after)]
    return watch.run, given


def storage_key(tensor: torch.Tensor) -> int:
    """What tells a tensor's storage from others, as long as it is held."""
    return tensor.untyped_storage()._cdata


def region_of(tensor: torch.Tensor) -> Region:
    """The memory that a tensor is."""
    return storage_key(tensor), tuple(tensor.shape), tuple(tensor.stride()), tensor.storage_offset()


def alike_along(tensor: torch.Tensor) -> int:
    """The size of the largest dimension along which a tensor's contents do not change, though elsewhere they do."""
    tensor = tensor.detach()
    if tensor.numel() < _FEWEST or tensor.dtype is torch.bool or tensor.dtype.itemsize == 1:
        return 0
    if bool((tensor == tensor.reshape(-1)[0]).all()):
        return 0
    best = 0
    for axis, size in enumerate(tensor.shape):
        if size < max(FEW_PLACES, best):
            continue
        first = tensor.narrow(axis, 0, 1)
        if torch.equal(first, tensor.narrow(axis, 1, 1)) and bool((tensor == first).all()):
            best = size
    return best


def _outer(given: list[torch.Tensor], made: list[torch.Tensor]) -> bool:
    if len(given) < 2 or len(made) != 1 or not (made[0].is_floating_point() or made[0].is_complex()):
        # Torch has no product of whole numbers' matrices on a GPU.
        return False
    # An expanded dimension is one place.
    factors = [
        prod(size for size, step in zip(tensor.shape, tensor.stride(), strict=True) if step)
        for tensor in given[-2:]
    ]
    return made[0].numel() >= MUCH_LARGER * sum(factors)


def _rejoins(given: torch.Tensor, made: list[torch.Tensor]) -> bool:
    size = alike_along(given)
    return bool(size) and bool(made) and made[0].numel() * size <= given.numel()


def _structure(matrix: torch.Tensor, rows: int) -> str | None:
    """What a product with ``matrix`` amounts to, its rows lying along ``rows``; None where it is a product."""
    matrix = matrix.detach()
    first = matrix.reshape(-1)[0]
    if bool(first != 0) and bool((matrix == first).all()):
        return "adds up"
    filled = matrix != 0
    if bool((filled.sum(rows) == 1).all()):
        return "picks"
    if matrix.ndim < 2:
        return None
    across = -2 if rows == -1 else -1
    if matrix.shape[across] >= _SHORT and bool((filled.sum(across) == 1).all()):
        return "adds up at places"
    empty = ~filled.any(-2 if rows == -1 else -1)
    if 2 * int(empty.sum()) > empty.numel():
        return "is mostly zero"
    if matrix.shape[-1] == matrix.shape[-2] and bool((matrix == filled).all()):
        ones = filled.double()
        if any(torch.equal(ones, half(torch.ones_like(ones))) for half in (torch.tril, torch.triu)):
            return "adds up along"
    return None
