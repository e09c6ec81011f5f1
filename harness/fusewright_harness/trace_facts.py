"""What the operators of one call of the reference show: loops over slices, repeated and unused work, copies."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import torch

from fusewright_harness.call import Arguments
from fusewright_harness.call_trace import Operator, Trace
from fusewright_harness.values import take_apart

_MOST_OPERATORS = 4_000
_FEW_REDONE = 0.34
_SMALL_REDONE = 0.25
"""What may be done over again in a recurrence: so many of its operators, and of the bytes that they move."""
_MOST_LOOKED_AT = 0.5


def trace_facts(trace: Trace, inputs: Arguments) -> dict[str, Any]:
    """What one call's operators show: loops over rows, repeated and unused work, trips to the host."""
    return {
        "loop": _loop(trace.operators),
        "repeated": _repeated(trace.operators),
        "unused": _unused(trace),
        "copies": _needless_copies(trace.operators),
        "host": trace.host_bytes,
        "asked": sum(operator.kind == "reading" for operator in trace.operators),
        "double": _in_double(trace.operators, inputs),
    }


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
        # What is done with each slice may wait for what was done with the one before, though this operator does not.
        chained = len({depths[number] for number in numbers}) > len(numbers) // 2 or _deepens(depths, numbers)
        found = {
            "name": first.name,
            "line": first.line,
            "count": len(regions),
            "rows": rows,
            "products": first.heavy,
            "chained": chained,
        }
        if worst is None or (found["rows"], found["count"]) > (worst["rows"], worst["count"]):
            worst = found
    return worst


def _deepens(depths: list[int], numbers: list[int]) -> bool:
    """Whether what stands between an operator's calls waits longer and longer, turn by turn."""
    quarter = max(1, len(numbers) // 4)
    early, late = depths[numbers[0] : numbers[quarter]], depths[numbers[-quarter - 1] : numbers[-1]]
    return bool(early) and bool(late) and max(late) - max(early) >= len(numbers) // 2


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
    """The compute that is done most often over again, on memory that nobody wrote to in between.

    ``beside`` says that all such is a small part of a loop whose steps need one another, as `1 - a` is in a recurrence.
    """
    looked_at = operators[:_MOST_OPERATORS]
    versions: Counter[int] = Counter()
    seen: dict[Any, list[int]] = defaultdict(list)
    for number, operator in enumerate(looked_at):
        if operator.kind == "compute":
            key = (operator.signature, operator.reads, tuple(versions[read[0]] for read in operator.reads))
            seen[key].append(number)
        for write in operator.writes:
            versions[write[0]] += 1
    again = [numbers for numbers in seen.values() if len(numbers) > 1]
    if not again:
        return None
    worst = max(again, key=len)
    redone = [looked_at[number] for numbers in again for number in numbers[1:]]
    computing = [operator for operator in looked_at if operator.kind == "compute"]
    few = len(redone) <= _FEW_REDONE * len(computing)
    small = sum(operator.bytes for operator in redone) <= _SMALL_REDONE * sum(
        operator.bytes for operator in computing
    )
    last = looked_at[worst[-1]]
    beside = few and small and _deepens(_depths(looked_at), worst)
    return {"name": last.name, "line": last.line, "count": len(worst), "beside": beside}


def _unused(trace: Trace) -> dict[str, Any] | None:
    """The share of the work that no result comes from, and the largest operator in it."""
    unused = _dead(trace, looked_at=True)
    checks = _dead(trace, looked_at=False)
    total = sum(operator.bytes for operator in trace.operators)
    if sum(operator.bytes for operator in checks) > _MOST_LOOKED_AT * total:
        # That a number is asked for on the host is a use, but no such use is most of an honest reference.
        unused = checks
    if not unused or not total:
        return None
    largest = max(unused, key=lambda operator: operator.bytes)
    share = sum(operator.bytes for operator in unused) / total
    arithmetic = sum(operator.arithmetic for operator in trace.operators)
    share = max(share, sum(operator.arithmetic for operator in unused) / max(1, arithmetic))
    return {"name": largest.name, "line": largest.line, "share": share}


def _dead(trace: Trace, looked_at: bool) -> list[Operator]:
    """The operators that no result comes from, nor a number that the host looks at, if that counts."""
    live = {region[0] for region in trace.results}
    dead = []
    for operator in reversed(trace.operators):
        used = any(write[0] in live for write in operator.writes)
        if used or (looked_at and operator.kind == "reading"):
            live.update(read[0] for read in operator.reads)
        else:
            dead.append(operator)
    return dead


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
