"""Outputs of timed calls: chosen once their slot is over, compared with what the reference makes of their inputs."""

from __future__ import annotations

import secrets
from typing import Any

from fusewright_harness.case import Case
from fusewright_harness.compare import LATER_CALLS, Expected, compare
from fusewright_harness.faults import Fault
from fusewright_harness.slots import Slot, Slots
from fusewright_harness.soundness import expected_of
from fusewright_harness.timing import Plan
from fusewright_harness.values import take_apart
from fusewright_harness.workers import receive_answer


class TimedOutputs:
    """The outputs of one verdict's timed calls that the candidate keeps for the judge."""

    def __init__(self, case: Case, slots: Slots) -> None:
        self._case = case
        self._slots = slots
        self._stashed: list[tuple[int, Any]] = []

    def stash(self, slot: Slot, plan: Plan, times: list[float]) -> None:
        """Has an output of the slot's fastest round kept, chosen once the slot was over.

        A candidate gains by what it leaves out only in rounds that are fast.
        """
        fastest = 1 + times.index(min(times))
        call = fastest * plan.batch + secrets.randbelow(plan.batch)
        candidate = self._case.team.candidate
        candidate.ask("stash", "keeping a timed output", call=call)
        self._stashed.append((candidate.answer().fields["index"], slot.contents[fastest]))
        if self._slots.room.large:
            self.check()

    def check(self) -> None:
        """Compares what was stashed with what the reference makes of the same inputs."""
        for index, content in self._stashed:
            self._check_one(index, content)
        self._stashed = []

    def _check_one(self, index: int, content: Any) -> None:
        self._case.team.candidate.ask("timed_output", "handing over a timed output", index=index)
        result = receive_answer(self._case.team.candidate.answer(), "candidate", "triton")
        expected = self._expected(content)
        comparison = compare(expected, result.get("result"), what="a timed call's output", slack=LATER_CALLS)
        # One element in a thousand may lie beyond the tolerance, as sums by atomics do now and then: nothing is gained
        # by leaving that few out.
        strayed = [output["mismatched"] > max(2, output["total"] // 1000) for output in comparison.outputs]
        if comparison.wrong is not None and (
            any(strayed) or not any(o["mismatched"] for o in comparison.outputs)
        ):
            message = f"{comparison.wrong}; a call that is timed must compute like any other"
            raise Fault("triton", "trust", "TimedOutput", message, verdict="rejected")

    def _expected(self, content: Any) -> Expected:
        if isinstance(content, int) and take_apart(self._case.expected[content].declared)[1]:
            return self._case.expected[content]
        reference = self._case.team.reference
        index = content
        if not isinstance(content, int):
            reference.ask("mix", "mixing inputs", content=content)
            index = reference.answer().fields["index"]
        reference.ask("expected", "running the reference", index=index, stir=False)
        result, after = expected_of(receive_answer(reference.answer(), "reference", "pytorch"))
        return result if take_apart(result.declared)[1] else after
