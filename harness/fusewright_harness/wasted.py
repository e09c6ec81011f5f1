"""Work of a reference that its result does not ask for, by what each operator is given and what is read of its results.

Five facts, each of which holds whatever the inputs are: most of what is computed is never read; a product with a matrix
that only picks, adds up or is empty; the same computed for each place of a dimension; float64 that nobody asked for;
all products of two tensors' elements written down, only to be added up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from fusewright_harness.call import Arguments, Call
from fusewright_harness.call_trace import words
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import Untransferable, take_apart

_MOST_STEPS = 400
_MOST_BYTES = 1 << 30
_BYTES_PER_OPERATION = 0.07
_READ_AT_MOST = 0.3
_MOST_SHARE = 0.5
_FEWEST = 64
_FEW_PLACES = 4
_SHORT = 8
_MUCH_LARGER = 16
"""So many times its factors' elements an outer product has, and its sums no more than one of so many."""

_MOVING = words(
    "repeat cat stack constant_pad_nd clone _to_copy copy_ contiguous index_select index gather flip roll im2col "
    "repeat_interleave tril triu"
)
_ORDERING = words("sort topk msort")
_SCANNING = words("cumsum cumprod cummax cummin logcumsumexp _cummax_helper _cummin_helper")
_REDUCING = words("sum mean amax amin prod max min")
_PRODUCTS = words("mm bmm addmm baddbmm mv")
_MULTIPLYING = words("mul mm bmm")
_ADDING = words("sum mean")
_SAME_PLACES = words("clone _to_copy copy_")
_PLACING = words("scatter scatter_ index_put index_put_ diag_embed diagonal_copy")
_WIDE = (torch.float64, torch.complex128)

_Region = tuple[int, tuple[int, ...], tuple[int, ...], int]


@dataclass(eq=False)
class _Step:
    """One operator: its memory, what it costs in bytes, and what its values showed at once."""

    name: str
    pointwise: bool
    heavy: bool
    cost: float
    written: float
    reads: list[_Region]
    writes: list[_Region]
    wide: bool
    alike: int
    """The size of a dimension along which the result is the same; 0 where there is none."""
    rejoined: bool
    """Whether it is a reduction along a dimension along which what it is given is the same."""
    tainted: bool
    outer: bool
    """Whether it multiplies each element of one tensor by many of another, and gives far more than both have."""
    product: tuple[str, int] | None
    """What is needless about a product ("picks", "adds up", …), and the memory of the matrix that makes it so."""


@dataclass
class _Run:
    """One call's operators, and its inputs' and results' memory."""

    steps: list[_Step] = field(default_factory=list)
    outputs: list[torch.Tensor] = field(default_factory=list)
    elements: dict[int, int] = field(default_factory=dict)


class _Watch(TorchDispatchMode):
    """Writes down the operators of a call. ``full`` says that there were too many, or too large ones, to look at."""

    def __init__(self, inputs: list[torch.Tensor]) -> None:
        super().__init__()
        self.full = False
        self.run = _Run()
        self._bytes = 0
        self._held: list[torch.Tensor] = []
        self._made: set[int] = set()
        self._tainted: set[int] = set()
        for tensor in inputs:
            self._hold(tensor)
            self._tainted.add(_key(tensor))

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

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
        key = _key(tensor)
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
        keys = {_key(tensor) for tensor in given}
        if self.full or (not mutable and made and all(_key(tensor) in keys for tensor in made)):
            return
        name = func._schema.name.rpartition("::")[2]
        written = float(sum(tensor.numel() * tensor.dtype.itemsize for tensor in made))
        cost = written + sum(tensor.numel() * tensor.dtype.itemsize for tensor in given)
        count = flop_registry.get(func.overloadpacket)
        if count is not None:
            try:
                cost = max(cost, count(*args, **kwargs, out_val=result) * _BYTES_PER_OPERATION)
            except Exception:
                # A signature that torch's counter does not know in this version.
                pass
        tainted = bool(keys & self._tainted)
        pointwise = torch.Tag.pointwise in func.tags or name in _SAME_PLACES
        places = pointwise or name in _MOVING
        step = _Step(
            name,
            pointwise,
            count is not None,
            cost,
            written,
            [_region(tensor) for tensor in given],
            [_region(tensor) for tensor in made],
            any(tensor.dtype in _WIDE for tensor in (*given, *made)),
            _alike(made[0]) if len(made) == 1 and places and tainted and not mutable else 0,
            name in _REDUCING and tainted and _rejoins(given[0], made),
            tainted,
            name in _MULTIPLYING and tainted and _outer(given, made),
            self._needless_product(name, given),
        )
        self.run.steps.append(step)
        for tensor in made:
            self._made.add(_key(tensor))
            if tainted:
                self._tainted.add(_key(tensor))

    def _needless_product(self, name: str, given: list[torch.Tensor]) -> tuple[str, int] | None:
        if name not in _PRODUCTS or len(given) < 2:
            return None
        left, right = given[-2:]
        for matrix, rows in ((left, -1), (right, -2 if right.ndim > 1 else -1)):
            if _key(matrix) in self._made and matrix.shape[rows] >= _SHORT and matrix.numel() >= _FEWEST:
                found = _structure(matrix, rows)
                if found is not None:
                    return found, _key(matrix)
        return None


def wasted_work(call: Call, inputs: Arguments, others: Any) -> dict[str, Any]:
    """What the result does not ask for: ``unread``, ``product``, ``copies``, ``alike``, ``wide`` and ``outer``.

    Each is an operator's name and the share of such work, ``copies`` being ``alike`` and brought together again.

    ``others`` are other inputs of the same shapes: what holds for both holds always. Each is None where it does not
    hold, or where the call is too long to look at.
    """
    kinds = ("unread", "product", "copies", "alike", "wide", "outer")
    nothing: dict[str, Any] = dict.fromkeys(kinds)
    first = _run_of(call, inputs)
    found = _facts(*first) if first is not None else nothing
    if not any(found.values()):
        return nothing
    second = _run_of(call, Arguments.from_value(others))
    if second is None:
        return nothing
    also = _facts(*second)
    # Far away a function may be flat, and then all is one number.
    also["copies"] = also["alike"]
    return {name: value if also[name] else None for name, value in found.items()}


def _run_of(call: Call, inputs: Arguments) -> tuple[_Run, list[torch.Tensor]] | None:
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


def _facts(run: _Run, given: list[torch.Tensor]) -> dict[str, Any]:
    total = max(1.0, sum(step.cost for step in run.steps))
    outputs = run.outputs[: len(run.outputs) - len(given)]
    with without_modes(), torch.no_grad():
        unread = _unread(run)
        repeats = any(_alike(output) for output in outputs)
    alike = [(step, step.cost * (1 - 1 / step.alike)) for step in run.steps if step.alike]
    alike = alike if not repeats and any(step.pointwise for step, _cost in alike) else []
    copies = alike if any(step.rejoined for step in run.steps) else []
    product = [(step, step.cost + _made_for(run, step)) for step in run.steps if step.product]
    # Whole numbers are exact in float64, and torch multiplies few of them on a GPU.
    asked = any(
        tensor.dtype in _WIDE or not (tensor.is_floating_point() or tensor.is_complex()) for tensor in given
    ) or any(tensor.dtype in _WIDE for tensor in outputs)
    wide = [] if asked else [(step, step.cost) for step in run.steps if step.wide]
    return {
        "unread": _share(unread, total),
        "product": _share(product, total),
        "copies": _share(copies, total),
        "alike": _share(alike, total),
        "wide": _share(wide, total),
        "outer": _share(_outer_sums(run), total),
    }


def _outer_sums(run: _Run) -> list[tuple[_Step, float]]:
    """The outer products that nothing reads but one sum, which leaves little of them, and what both cost."""
    kept = {_key(tensor) for tensor in run.outputs}
    found = []
    for step in run.steps:
        if not step.outer or any(region[0] in kept for region in step.writes):
            continue
        memory = {region[0] for region in step.writes}
        readers = [other for other in run.steps if any(region[0] in memory for region in other.reads)]
        if [other.name in _ADDING for other in readers] == [True]:
            (total,) = readers
            if _MUCH_LARGER * total.written <= step.written:
                found.append((step, step.cost + total.cost))
    return found


def _share(found: list[tuple[_Step, float]], total: float) -> dict[str, Any] | None:
    share = sum(cost for _step, cost in found) / total
    if share <= _MOST_SHARE:
        return None
    step = max(found, key=lambda entry: entry[1])[0]
    return {"name": step.name, "share": share, "how": step.product and step.product[0]}


def _made_for(run: _Run, product: _Step) -> float:
    """What it costs to make the matrix of a needless product of what there was."""
    assert product.product is not None
    wanted, cost = {product.product[1]}, 0.0
    for step in reversed(run.steps[: run.steps.index(product)]):
        if any(region[0] in wanted for region in step.writes) and (
            not step.tainted or step.pointwise or step.name in _MOVING or step.name in _PLACING
        ):
            cost += step.cost
            wanted.update(region[0] for region in step.reads)
    return cost


def _unread(run: _Run) -> list[tuple[_Step, float]]:
    """The operators of whose results little is read, and what that part of their work costs."""
    masks: dict[int, torch.Tensor] = {}
    for tensor in run.outputs:
        _seen(run, masks, _region(tensor)).fill_(True)
    found = []
    for step in reversed(run.steps):
        read = [_seen(run, masks, region) for region in step.writes]
        elements = sum(mask.numel() for mask in read)
        share = sum(int(mask.sum()) for mask in read) / elements if elements else 1.0
        if 0 < share < _READ_AT_MOST:
            cost = _unread_cost(step, share, read)
            if cost:
                found.append((step, cost))
        if not share:
            continue
        for region in step.reads:
            mask = _seen(run, masks, region)
            if step.pointwise and len(read) == 1 and mask.shape == read[0].shape:
                mask |= read[0]
            else:
                mask.fill_(True)
    return found


def _unread_cost(step: _Step, share: float, read: list[torch.Tensor]) -> float:
    if step.name in _ORDERING or step.name in _SCANNING:
        return step.cost if any(_outermost(mask) for mask in read) else 0.0
    if step.pointwise or step.heavy or step.name in _MOVING:
        return step.cost * (1 - share)
    return step.written * (1 - share)


def _outermost(mask: torch.Tensor) -> bool:
    """Whether what is read lies at one end of a dimension: a sum, an extreme, or what was there to begin with."""
    for axis, size in enumerate(mask.shape):
        along = mask.movedim(axis, 0).reshape(size, -1).any(1)
        if size >= _FEW_PLACES and int(along.sum()) == 1 and bool(along[-1] or along[0]):
            return True
    return False


def _seen(run: _Run, masks: dict[int, torch.Tensor], region: _Region) -> torch.Tensor:
    key, shape, stride, offset = region
    if key not in masks:
        masks[key] = torch.zeros(max(1, run.elements[key]), dtype=torch.bool)
    mask = masks[key]
    last = offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
    if 0 in shape or last >= mask.numel():
        # Nothing, or memory seen as another type: all of it is one.
        return mask
    # An expanded dimension is one place.
    kept = tuple(1 if step == 0 else size for size, step in zip(shape, stride, strict=True))
    return mask.as_strided(kept, stride, offset)


def _key(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _region(tensor: torch.Tensor) -> _Region:
    return _key(tensor), tuple(tensor.shape), tuple(tensor.stride()), tensor.storage_offset()


def _alike(tensor: torch.Tensor) -> int:
    """The size of the largest dimension along which a tensor's contents do not change, though elsewhere they do."""
    tensor = tensor.detach()
    if tensor.numel() < _FEWEST or tensor.dtype is torch.bool or tensor.dtype.itemsize == 1:
        return 0
    if bool((tensor == tensor.reshape(-1)[0]).all()):
        return 0
    best = 0
    for axis, size in enumerate(tensor.shape):
        if size < max(_FEW_PLACES, best):
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
    return made[0].numel() >= _MUCH_LARGER * sum(factors)


def _rejoins(given: torch.Tensor, made: list[torch.Tensor]) -> bool:
    size = _alike(given)
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
    empty = ~filled.any(-2 if rows == -1 else -1)
    if 2 * int(empty.sum()) > empty.numel():
        return "is mostly zero"
    if matrix.shape[-1] == matrix.shape[-2] and bool((matrix == filled).all()):
        ones = filled.double()
        if any(torch.equal(ones, half(torch.ones_like(ones))) for half in (torch.tril, torch.triu)):
            return "adds up along"
    return None
