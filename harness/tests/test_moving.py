"""Memory that torch moves in the kernel's place."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fusewright_harness.faults import Fault
from fusewright_harness.moving import refuse_moves

ELEMENTS = 10_000
BYTES = 4 * ELEMENTS


def refusal(reference, candidate, share):
    """The message for a call on one input and one output of so many elements; None where it is let be."""

    def rejected(kind, message, line=None):
        return Fault("triton", "trust", kind, message, line, verdict="rejected")

    case = SimpleNamespace(reference_work=reference, call_bytes=2 * BYTES, rejected=rejected)
    try:
        refuse_moves(case, candidate, share)
    except Fault as fault:
        return fault.message
    return None


COPIES = {"relaid": 4 * BYTES, "movers": ["clone"]}
SHIFT = {"arithmetic": ELEMENTS, "relaid": 2 * BYTES, "movers": ["roll"]}


@pytest.mark.parametrize(
    "reference",
    [{"arithmetic": 8 * ELEMENTS}, {"arithmetic": 9 * ELEMENTS, **COPIES}, {"arithmetic": ELEMENTS}],
)
def test_a_layout_may_be_made_for_the_kernel_and_back(reference):
    assert refusal(reference, COPIES, 0.67) is None


def test_more_than_that_may_not():
    windows = {"relaid": 10 * BYTES, "movers": ["clone"], "line": 7}
    assert "`clone` take about 66% of the call" in refusal({"arithmetic": ELEMENTS}, windows, 0.66)
    assert refusal({"arithmetic": ELEMENTS}, windows, 0.5) is None


def test_where_the_task_is_to_move_memory_the_kernel_moves_it():
    slices = {"relaid": 2 * BYTES, "movers": ["copy_"]}
    assert "torch moves the pair's memory" in refusal(SHIFT, slices, 0.4)
    assert refusal(SHIFT, slices, 0.2) is None
    joined = {**SHIFT, "movers": ["cat"]}
    assert refusal(joined, slices, 0.4) is None
    assert refusal(joined, {**slices, "movers": ["cat"]}, 0.4) is not None
