"""Work of a reference that its result does not ask for, by what each operator is given and what is read of its results.

Five facts, each of which holds whatever the inputs are: most of what is computed is never read; a product with a matrix
that only picks, adds up or is empty; the same computed for each place of a dimension; float64 that nobody asked for;
all products of two tensors' elements written down, only to be added up.
"""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.call import Arguments, Call
from fusewright_harness.call_trace import words
from fusewright_harness.transfer import without_modes
from fusewright_harness.unread_work import unread_work
from fusewright_harness.work_steps import (
    MOVING,
    MUCH_LARGER,
    WIDE,
    WorkRun,
    WorkStep,
    alike_along,
    run_of,
    storage_key,
)

_MOST_SHARE = 0.5
_ADDING = words("sum mean")
_PLACING = words("scatter scatter_ index_put index_put_ diag_embed diagonal_copy")


def wasted_work(call: Call, inputs: Arguments, others: Any) -> dict[str, Any]:
    """What the result does not ask for: ``unread``, ``product``, ``copies``, ``alike``, ``wide`` and ``outer``.

    Each is an operator's name and the share of such work, ``copies`` being ``alike`` and brought together again.

    ``others`` are other inputs of the same shapes: what holds for both holds always. Each is None where it does not
    hold, or where the call is too long to look at.
    """
    kinds = ("unread", "product", "copies", "alike", "wide", "outer")
    nothing: dict[str, Any] = dict.fromkeys(kinds)
    first = run_of(call, inputs)
    found = _facts(*first) if first is not None else nothing
    if not any(found.values()):
        return nothing
    second = run_of(call, Arguments.from_value(others))
    if second is None:
        return nothing
    also = _facts(*second)
    # Far away a function may be flat, and then all is one number.
    also["copies"] = also["alike"]
    return {name: value if also[name] else None for name, value in found.items()}


def _facts(run: WorkRun, given: list[torch.Tensor]) -> dict[str, Any]:
    total = max(1.0, sum(step.cost for step in run.steps))
    outputs = run.outputs[: len(run.outputs) - len(given)]
    with without_modes(), torch.no_grad():
        unread = unread_work(run)
        repeats = any(alike_along(output) for output in outputs)
    alike = [(step, step.cost * (1 - 1 / step.alike)) for step in run.steps if step.alike]
    alike = alike if not repeats and any(step.pointwise for step, _cost in alike) else []
    copies = alike if any(step.rejoined for step in run.steps) else []
    product = [(step, step.cost + _made_for(run, step)) for step in run.steps if step.product]
    # Whole numbers are exact in float64, and torch multiplies few of them on a GPU.
    asked = any(
        tensor.dtype in WIDE or not (tensor.is_floating_point() or tensor.is_complex()) for tensor in given
    ) or any(tensor.dtype in WIDE for tensor in outputs)
    wide = [] if asked else [(step, step.cost) for step in run.steps if step.wide]
    return {
        "unread": _share(unread, total),
        "product": _share(product, total),
        "copies": _share(copies, total),
        "alike": _share(alike, total),
        "wide": _share(wide, total),
        "outer": _share(_outer_sums(run), total),
    }


def _outer_sums(run: WorkRun) -> list[tuple[WorkStep, float]]:
    """The outer products that nothing reads but one sum, which leaves little of them, and what both cost."""
    kept = {storage_key(tensor) for tensor in run.outputs}
    found = []
    for step in run.steps:
        if not step.outer or any(region[0] in kept for region in step.writes):
            continue
        memory = {region[0] for region in step.writes}
        readers = [other for other in run.steps if any(region[0] in memory for region in other.reads)]
        if [other.name in _ADDING for other in readers] == [True]:
            (total,) = readers
            if MUCH_LARGER * total.written <= step.written:
                found.append((step, step.cost + total.cost))
    return found


def _share(found: list[tuple[WorkStep, float]], total: float) -> dict[str, Any] | None:
    share = sum(cost for _step, cost in found) / total
    if share <= _MOST_SHARE:
        return None
    step = max(found, key=lambda entry: entry[1])[0]
    return {"name": step.name, "share": share, "how": step.product and step.product[0]}


def _made_for(run: WorkRun, product: WorkStep) -> float:
    """What it costs to make the matrix of a needless product of what there was."""
    assert product.product is not None
    wanted, cost = {product.product[1]}, 0.0
    for step in reversed(run.steps[: run.steps.index(product)]):
        if any(region[0] in wanted for region in step.writes) and (
            not step.tainted or step.pointwise or step.name in MOVING or step.name in _PLACING
        ):
            cost += step.cost
            wanted.update(region[0] for region in step.reads)
    return cost
