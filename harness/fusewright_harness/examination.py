"""What the reference's process can tell of its task: of the inputs, of each one's part in the result, of needless work.

The judge rules on it, in :mod:`soundness`; here it is only found.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from fusewright_harness.call import Arguments, map_tensors
from fusewright_harness.needless import needless_work
from fusewright_harness.operators import Operator, OperatorWatch, Trace, words
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.values import Untransferable, take_apart
from fusewright_harness.variants import elsewhere

_DIGEST_ELEMENTS = 1 << 18
_MOST_INPUTS = 24
_MOST_OPERATORS = 4_000
_MOST_ALTERED = 8
_LARGE_PART = 0.1
_SHORT_S = 0.002
_PARTS = ((0.0, 0.6), (0.4, 1.0))
"""The greater part of a product's elements, from the first on and up to the last."""

Call = Callable[[Arguments], Any]


def input_facts(value: Any) -> list[dict[str, Any]]:
    """Of each tensor: its elements, whether they are all the same, the share of NaN, and a digest of its contents."""
    with without_modes(), torch.no_grad():
        _tree, tensors = take_apart(value)
        return [_facts(tensor.detach()) for tensor in tensors]


def _facts(tensor: torch.Tensor) -> dict[str, Any]:
    flat = tensor.reshape(-1)[:_DIGEST_ELEMENTS]
    floating = tensor.is_floating_point()
    facts = {"numel": tensor.numel(), "float": floating, "constant": True, "nan": 0.0, "digest": 0}
    if flat.numel():
        raw = flat.contiguous().view(torch.uint8).cpu()
        facts["digest"] = zlib.crc32(raw.numpy().tobytes())
        size = flat.dtype.itemsize
        facts["constant"] = bool(raw.view(-1, size).eq(raw[:size]).all())
        if floating and tensor.dtype.itemsize > 1:
            facts["nan"] = float(torch.isnan(flat).double().mean())
    return facts


def unused_inputs(call: Call, inputs: Arguments, others: Arguments | None) -> list[int]:
    """The tensors among the inputs whose contents make no difference to the result.

    Each is replaced alone, by what another seed gave for it and then by something farther away. What the reference
    refuses is left out, and so is a tensor that it writes to.
    """
    _tree, given = take_apart(inputs.as_value())
    _tree, drawn = take_apart(others.as_value()) if others is not None else (None, [])
    plain = _outcome(call, inputs, None, None)
    unused = []
    for number, tensor in enumerate(given[:_MOST_INPUTS]):
        if tensor.numel() == 0 or plain is None or not _equal(plain[1][number], tensor.detach()):
            continue
        other = drawn[number] if number < len(drawn) and drawn[number].shape == tensor.shape else None
        replacements = [other] if other is not None else []
        replacements += [_farther(tensor)]
        used = False
        for replacement in replacements:
            outcome = _outcome(call, inputs, number, replacement)
            if outcome is None or not _same(plain, outcome, number):
                used = True
                break
        if not used:
            unused.append(number)
    return unused


def _outcome(
    call: Call, inputs: Arguments, number: int | None, replacement: torch.Tensor | None
) -> tuple[list[torch.Tensor], list[torch.Tensor], str] | None:
    value = clone_value(inputs.as_value())
    with without_modes(), torch.no_grad():
        _tree, tensors = take_apart(value)
        if number is not None and replacement is not None:
            wanted = tensors[number]
            if any(
                size > 1 and stride == 0 for size, stride in zip(wanted.shape, wanted.stride(), strict=True)
            ):
                # An expanded tensor has not the memory for contents of its own.
                apart = replacement.detach().clone().requires_grad_(wanted.requires_grad)
                value = map_tensors(value, lambda tensor: apart if tensor is wanted else tensor)
                _tree, tensors = take_apart(value)
            else:
                wanted.copy_(replacement)
    arguments = Arguments.from_value(value)
    try:
        tree, outputs = take_apart(call(arguments))
    except (Exception, Untransferable):
        return None
    return [output.detach() for output in outputs], [tensor.detach() for tensor in tensors], repr(tree)


def _same(plain: Any, outcome: Any, number: int) -> bool:
    if plain[2] != outcome[2]:
        return False
    with without_modes(), torch.no_grad():
        pairs = list(zip(plain[0], outcome[0], strict=True))
        pairs += [pair for i, pair in enumerate(zip(plain[1], outcome[1], strict=True)) if i != number]
        return all(_equal(left, right) for left, right in pairs)


def _equal(left: torch.Tensor, right: torch.Tensor) -> bool:
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    if left.is_floating_point() and left.dtype.itemsize > 1:
        return torch.allclose(left, right, rtol=0, atol=0, equal_nan=True)
    if left.dtype.itemsize == 1 and left.is_floating_point():
        left, right = left.view(torch.uint8), right.view(torch.uint8)
    return torch.equal(left, right)


def _farther(tensor: torch.Tensor) -> torch.Tensor:
    """Contents unlike the tensor's own, of a kind that it could hold."""
    with without_modes(), torch.no_grad():
        tensor = tensor.detach()
        if tensor.dtype is torch.bool:
            return ~tensor
        if tensor.is_floating_point() and tensor.dtype.itemsize > 1:
            steps = torch.arange(tensor.numel(), device=tensor.device).reshape(tensor.shape)
            return tensor * 2 + (0.25 + 0.5 * (steps % 3)).to(tensor.dtype)
        # Indices and codes stay in their range.
        codes = tensor.view(torch.uint8) if tensor.is_floating_point() else tensor
        return codes.reshape(-1).flip(0).roll(1).reshape(tensor.shape).view(tensor.dtype)


def trace_facts(trace: Trace, inputs: Arguments) -> dict[str, Any]:
    """What one call's operators show: loops over rows, repeated and unused work, trips to the host."""
    return {
        "loop": _loop(trace.operators),
        "repeated": _repeated(trace.operators),
        "unused": _unused(trace),
        "copies": _needless_copies(trace.operators),
        "host": trace.host_bytes,
        "double": _in_double(trace.operators, inputs),
    }


def work_facts(call: Call, inputs: Arguments, file: str) -> dict[str, Any]:
    """What further calls show: products that change nothing, and the time that Python takes between operators."""
    trace = _watched(call, inputs, file)
    facts = {"idle": _idle(call, inputs, trace), "calls": trace.calls}
    facts |= needless_work(call, inputs, elsewhere(inputs.as_value()))
    outside = trace.outside_s
    for _ in range(2):
        if outside > _SHORT_S:
            outside = min(outside, _watched(call, inputs, file).outside_s)
    return {**facts, "outside_s": outside}


_COMPUTING = words(
    "add add_ sub sub_ rsub mul mul_ div div_ floor_divide remainder fmod neg abs sign square pow sum cumsum prod "
    "bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift __and__ __or__ __xor__ "
    "__lshift__ __rshift__ maximum minimum clamp clamp_min clamp_max max min amax amin gcd _to_copy clone"
)
"""Operators that take any whole number. Comparisons are none of them: a number that is compared may be a length."""


_ASKING = words("nan_to_num nan_to_num_ isnan isinf nansum nanmean nanmedian isposinf isneginf")


def asks_for_special(call: Call, inputs: Arguments, file: str) -> bool:
    """Whether the reference has an operator that is there for NaN or infinity."""
    watch = OperatorWatch(file)
    with watch:
        call(Arguments.from_value(clone_value(inputs.as_value())))
    return any(operator.name in _ASKING for operator in watch.trace.operators)


def only_computed_with(call: Call, inputs: Arguments, file: str) -> bool:
    """Whether the reference does nothing with whole numbers but compute, so that they may have any value."""
    arguments = Arguments.from_value(clone_value(inputs.as_value()))
    with without_modes():
        _tree, given = take_apart(arguments.as_value())
        counts = {
            tensor.untyped_storage().data_ptr()
            for tensor in given
            if tensor.numel() and not tensor.is_floating_point() and not tensor.is_complex()
        }
    watch = OperatorWatch(file)
    with watch:
        call(arguments)
    for operator in watch.trace.operators:
        if any(region[0] in counts for region in operator.reads):
            if operator.name not in _COMPUTING:
                return False
            if not _gives_float(operator):
                counts.update(region[0] for region in operator.writes)
    return True


def _gives_float(operator: Operator) -> bool:
    """Whether an operator on whole numbers makes floating-point ones, by what it is given."""
    given = [part[-1] for part in operator.signature[1:-1]]
    return any(dtype.is_floating_point for dtype in given) or "float" in operator.signature[-1]


def _watched(call: Call, inputs: Arguments, file: str) -> Trace:
    arguments = Arguments.from_value(clone_value(inputs.as_value()))
    watch = OperatorWatch(file)
    with watch.host_mode(), watch:
        result = call(arguments)
    with without_modes():
        _tree, outputs = take_apart((result, arguments.as_value()))
        watch.returned(outputs)
    return watch.trace


def _loop(operators: list[Operator]) -> dict[str, Any] | None:
    """The operator that is called most often on like slices of a tensor, and whether one call needs another."""
    groups: dict[Any, list[int]] = defaultdict(list)
    depths = _depths(operators[:_MOST_OPERATORS])
    for number, operator in enumerate(operators[:_MOST_OPERATORS]):
        if operator.kind in ("compute", "copy", "movement"):
            groups[operator.signature[:-1]].append(number)
    worst: dict[str, Any] | None = None
    for numbers in groups.values():
        first = operators[numbers[0]]
        regions = {operators[number].reads for number in numbers}
        whole = max(operators[number].whole for number in numbers)
        if len(regions) < 8 or 2 * whole < len(regions):
            continue
        rows = all(sum(size > 1 for size in shape) <= 1 for shape, *_rest in first.signature[1:-1])
        chained = len({depths[number] for number in numbers}) > len(numbers) // 2
        found = {
            "name": first.name,
            "line": first.line,
            "count": len(regions),
            "rows": rows,
            "chained": chained,
        }
        if worst is None or (found["rows"], found["count"]) > (worst["rows"], worst["count"]):
            worst = found
    return worst


def _depths(operators: list[Operator]) -> list[int]:
    """How many operators each must wait for, one after the other."""
    written: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    depths = []
    for operator in operators:
        depth = 0
        for storage, first, last in operator.reads:
            for start, end, deep in written[storage][-64:]:
                if start < last and first < end:
                    depth = max(depth, deep)
        depth += 1
        depths.append(depth)
        for storage, first, last in operator.writes:
            written[storage].append((first, last, depth))
    return depths


def _repeated(operators: list[Operator]) -> dict[str, Any] | None:
    """The compute that is done most often over again, on memory that nobody wrote to in between."""
    versions: Counter[int] = Counter()
    seen: Counter[Any] = Counter()
    worst: tuple[int, Operator] | None = None
    for operator in operators[:_MOST_OPERATORS]:
        if operator.kind == "compute":
            key = (operator.signature, operator.reads, tuple(versions[read[0]] for read in operator.reads))
            seen[key] += 1
            if seen[key] > 1 and (worst is None or seen[key] > worst[0]):
                worst = seen[key], operator
        for write in operator.writes:
            versions[write[0]] += 1
    if worst is None:
        return None
    return {"name": worst[1].name, "line": worst[1].line, "count": worst[0]}


def _unused(trace: Trace) -> dict[str, Any] | None:
    """The share of the work that no result comes from, and the largest operator in it."""
    live = {region[0] for region in trace.results}
    unused: list[Operator] = []
    total = 0
    for operator in reversed(trace.operators):
        total += operator.bytes
        if any(write[0] in live for write in operator.writes) or operator.kind == "reading":
            live.update(read[0] for read in operator.reads)
        else:
            unused.append(operator)
    if not unused or not total:
        return None
    largest = max(unused, key=lambda operator: operator.bytes)
    share = sum(operator.bytes for operator in unused) / total
    arithmetic = sum(operator.arithmetic for operator in trace.operators)
    share = max(share, sum(operator.arithmetic for operator in unused) / max(1, arithmetic))
    return {"name": largest.name, "line": largest.line, "share": share}


class _Altering(TorchDispatchMode):
    """Runs a call with the results of one operator altered; ``same`` says whether one was one of its own inputs.

    ``altered`` says whether there was anything to alter.
    ``part`` says from where to where, in parts of one, of the elements in row-major order.
    """

    def __init__(self, wanted: int, part: tuple[float, float] = (0.0, 1.0)) -> None:
        super().__init__()
        self._wanted = wanted
        self._part = part
        self._seen = 0
        self.altered = self.same = False

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs the operator, and alters what it gives if it is the one."""
        result = func(*args, **(kwargs or {}))
        if flop_registry.get(func.overloadpacket) is not None:
            self._seen += 1
            if self._seen == self._wanted:
                with without_modes():
                    given = [part for part in args if isinstance(part, torch.Tensor)]
                    # Attention gives what its backward pass needs beside the result.
                    result = map_tensors(result, lambda tensor: self._alter(tensor, given))
        return result

    def _alter(self, tensor: torch.Tensor, given: list[torch.Tensor]) -> torch.Tensor:
        if not tensor.is_floating_point() and not tensor.is_complex():
            return tensor
        self.altered = True
        self.same |= any(_nearly(part, tensor) for part in given)
        flat = tensor.clone().reshape(-1)
        first, last = (int(share * flat.numel()) for share in self._part)
        flat[first:last] = flat[first:last] * 2 + 1
        return flat.reshape(tensor.shape)


def _nearly(left: torch.Tensor, right: torch.Tensor) -> bool:
    return (
        left.shape == right.shape
        and left.dtype == right.dtype
        and torch.allclose(left, right, rtol=1e-6, atol=0)
    )


def _idle(call: Call, inputs: Arguments, trace: Trace) -> dict[str, Any] | None:
    """A product or convolution, the greater part of the work, that changes nothing: altered, or left out."""
    heavy = [operator for operator in trace.operators if operator.heavy]
    total = sum(operator.arithmetic for operator in trace.operators)
    plain = _outcome(call, inputs, None, None)
    for number, operator in enumerate(heavy[:_MOST_ALTERED], 1):
        if plain is None or operator.arithmetic < total * _LARGE_PART:
            continue
        altering = _Altering(number)
        with altering:
            outcome = _outcome(call, inputs, None, None)
        unmoved = altering.altered and outcome is not None and _same(plain, outcome, -1)
        if altering.same or unmoved:
            return {"name": operator.name, "line": operator.line}
        for part in _PARTS:
            altering = _Altering(number, part)
            with altering:
                outcome = _outcome(call, inputs, None, None)
            if altering.altered and outcome is not None and _same(plain, outcome, -1):
                return {"name": operator.name, "line": operator.line, "part": True}
    return None


def _needless_copies(operators: list[Operator]) -> dict[str, Any] | None:
    """Whole copies of what was as good before."""
    copies = []
    for number, operator in enumerate(operators[:_MOST_OPERATORS]):
        if operator.name == "clone" and operator.plain:
            either = {region[0] for region in (*operator.reads, *operator.writes)}
            later = operators[number + 1 :]
            # One of the two is written to afterwards, so the copy is what keeps the other.
            if not any(write[0] in either for other in later for write in other.writes):
                copies.append(operator)
    largest = max((operator.bytes for operator in operators), default=0)
    copies = [operator for operator in copies if 4 * operator.bytes >= largest]
    return {"name": "clone", "line": copies[-1].line, "count": len(copies)} if copies else None


def _in_double(operators: list[Operator], inputs: Arguments) -> dict[str, Any] | None:
    """Compute in float64 on inputs that are not."""
    _tree, given = take_apart(inputs.as_value())
    if any(tensor.dtype is torch.float64 or not tensor.is_floating_point() for tensor in given):
        return None
    for operator in operators:
        if operator.kind == "compute" and any(part[-1] is torch.float64 for part in operator.signature[1:-1]):
            return {"name": operator.name, "line": operator.line}
    return None
