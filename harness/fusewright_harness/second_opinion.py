"""A second opinion on a GPU's verdict: Triton's interpreter runs the kernels too, beside the audit.

A GPU forgives what another day's memory will not: what lies just outside of a tensor is padding or a neighbour, and
of programs that read what others write any may come first. The interpreter checks each access and runs the programs
one after another, so both show. It runs on the CPU, at sizes that it is quick at, and takes no turn on the GPU. What
it cannot run is left out: nobody is blamed for that.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fusewright_harness.case import Case, Team, new_seed
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Cancelled, Fault
from fusewright_harness.loading import ask_reference
from fusewright_harness.probing import Probe
from fusewright_harness.variant_outcome import Outcome, name_of
from fusewright_harness.verdict import Verdict
from fusewright_harness.workers import Answer

_ALLOWED_S = 1.5
"""For all variants together; the last one begun may take longer."""
_LIMIT_S = 8.0
_MOST_BYTES = 64 << 20
"""Inputs are made at their declared sizes before they are made small, and on the CPU that takes a while."""
_FEW_BYTES = 1 << 20
_POLL_S = 0.02
_END_S = 2.0


@contextmanager
def second_opinion(case: Case) -> Iterator[None]:
    """Has the interpreter run the pair while the body runs; raises :class:`Fault` at its end for what that showed."""
    if case.team.understudies is None or case.call_bytes > _MOST_BYTES:
        yield
        return
    opinion = _Opinion(case)
    try:
        yield
        with case.phase("interpreter"):
            opinion.wait()
    finally:
        opinion.give_up()
    opinion.rule()


def interpret(case: Case) -> Outcome:
    """Tries the candidate of a case whose workers run Triton's interpreter at other sizes, and at its own if small.

    Raises :class:`Fault` with the verdict "rejected" for memory out of bounds and for a wrong result, and others for
    what keeps the interpreter from running the pair.
    """
    reference = case.team.reference
    ask_reference(case)
    reference.answer()
    reference.ask("inputs", "making inputs", seed=new_seed())
    inputs = reference.answer()
    inputs.close()
    named = inputs.fields.get("candidate")
    case.named_candidate = named if isinstance(named, str) else None
    reference.ask("variants", "listing variants", index=0, reduced=True)
    listed = reference.answer().fields.get("variants", [])
    variants = [variant for variant in listed if variant["kind"] == "size"]
    declared = {"kind": "size", "from": 0, "to": 0, "base": {}}
    if not any(variant["base"] for variant in variants):
        variants.insert(0, declared)
    elif case.call_bytes <= _FEW_BYTES:
        # Some pairs take no other size than their own.
        variants.append(declared)
    # A GPU runs programs in no order, so once the last one comes first.
    variants[1:1] = [{**variant, "backwards": True} for variant in variants[:1]]
    return _Interpreted(case).run(variants, _ALLOWED_S)


class _Interpreted(Probe):
    """A probe whose candidate runs in the interpreter: what a GPU may forgive is no matter of sizes alone."""

    def _call(self, inputs: Answer, variant: dict[str, Any]) -> Answer:
        answer = super()._call(inputs, variant)
        for finding in answer.fields.get("findings", []):
            self._case.find(finding)
        return answer

    def _crashed(self, variant: dict[str, Any], kind: str, text: str, line: int | None) -> None:
        if kind != "OutOfBounds":
            self._refused(variant, kind, text)
            return
        message = (
            f"with {name_of(variant)} the kernel leaves its tensors, as Triton's interpreter finds: {text}"
        )
        raise self._case.rejected("OutOfBounds", message, line=line)

    def _refused(self, variant: dict[str, Any], error: str, text: str) -> None:
        self._outcome.refused.append(f"{name_of(variant)} ({error}: {text[:80]})")

    def _wrong(self, variant: dict[str, Any], sentence: str, line: int | None = None) -> None:
        message = (
            f"with {name_of(variant)}, in Triton's interpreter, which runs one program after another, {sentence}; no "
            "program may read what another one of the same launch writes"
        )
        raise self._case.rejected("WrongInterpreted", message, line=line)


class _Opinion:
    """The interpreter's run, on a thread of its own."""

    def __init__(self, case: Case) -> None:
        assert case.team.understudies is not None  # Asked by `second_opinion`.
        self._case = case
        self._deadline = Deadline(_LIMIT_S)
        self._team: Team | None = None
        self._outcome: Outcome | None = None
        self._fault: Fault | None = None
        self._verdict = Verdict({}, {})
        self._thread = threading.Thread(target=self._run, name="second-opinion", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Waits for the run's end. Raises :class:`Cancelled` where the verdict is not wanted any more."""
        while self._thread.is_alive():
            if self._case.deadline.cancelled.is_set():
                raise Cancelled
            self._thread.join(_POLL_S)

    def give_up(self) -> None:
        """Ends a run that still goes on."""
        if self._thread.is_alive():
            self._deadline.cancelled.set()
            for worker in self._team.members() if self._team is not None else []:
                worker.interrupt()
            self._thread.join(_END_S)

    def rule(self) -> None:
        """Adds what was found to the verdict. Raises :class:`Fault` for what tells against the pair."""
        fault, outcome = self._fault, self._outcome
        if fault is not None and fault.verdict == "rejected" and fault.stage == "trust":
            raise fault
        for finding in self._verdict.line()["findings"]:
            self._case.find(finding)
        if fault is not None:
            sentence = f"Triton's interpreter did not run the pair beside the GPU: {fault.message}"
        elif outcome is not None and (told := outcome.sentence()):
            sentence = f"in Triton's interpreter, beside the GPU: {told}"
        else:
            return
        self._case.verdict.find("SecondOpinion", "info", sentence[:400], self._case.function_line("triton"))

    def _run(self) -> None:
        case = self._case
        try:
            assert case.team.understudies is not None  # Asked by `second_opinion`.
            self._team = case.team.understudies(self._deadline)
            # The interpreter may just be starting; the run's own time begins now.
            self._deadline.start(_LIMIT_S)
            own = Case(case.pair, case.options, self._team, self._verdict, lambda *_: None, self._deadline)
            own.call_bytes = case.call_bytes
            self._outcome = interpret(own)
        except Fault as fault:
            self._fault = fault
        except Cancelled:
            pass
