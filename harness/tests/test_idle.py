"""Kernels left out one at a time, where that ends the process that they run in."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from fusewright_harness.faults import Fault
from fusewright_harness.idle import look_for_idle_kernels
from fusewright_harness.proof import call_without

LOST = Fault("triton", "run", "AcceleratorError", "CUDA error: an illegal memory access was encountered")
REFUSED = Fault("triton", "run", "IndexError", "index 5 is out of bounds")
KERNELS = [{"name": "count", "line": 3}, {"name": "write", "line": 9}]


class FailingWorker:
    """A candidate's process in which each call without a kernel fails."""

    def __init__(self, fault):
        self.fault, self.asked, self.killed, self.ended = fault, 0, False, False

    def ask(self, verb, doing, **fields):
        self.asked += 1

    def answer(self):
        raise self.fault

    def kill(self):
        self.killed = True


@pytest.mark.parametrize(
    ("fault", "kernel", "ended"),
    [(LOST, KERNELS[0], True), (REFUSED, KERNELS[0], False), (LOST, None, False)],
)
def test_a_process_that_lost_its_gpu_is_ended(fault, kernel, ended):
    worker = FailingWorker(fault)
    case = SimpleNamespace(team=SimpleNamespace(candidate=worker))
    assert call_without(case, 0, 0, kernel) is None
    assert (worker.killed, worker.ended) == (ended, ended)


@pytest.mark.parametrize(("fault", "asked"), [(LOST, 1), (REFUSED, 2)])
def test_nothing_more_is_asked_of_a_process_that_has_ended(fault, asked):
    worker = FailingWorker(fault)
    case = SimpleNamespace(
        team=SimpleNamespace(candidate=worker),
        verdict=SimpleNamespace(line=lambda: {"kernels": KERNELS}),
        oldest=0,
        affords=lambda calls, what: True,
        report=lambda phase, sentence: None,
        phase=lambda name: nullcontext(),
        warn=lambda *told: pytest.fail(f"told {told}"),
    )
    look_for_idle_kernels(case)
    assert worker.asked == asked
