"""A candidate tried on variants of its inputs, one after another, and what each tells against it.

The candidate's own process runs them, which has the kernels compiled and nothing left to do, until a variant crashes
it: that says something of the variant, and a fresh worker runs the others. What the reference refuses, or gives no
number for, is left out.
"""

from __future__ import annotations

import time
from typing import Any

from fusewright_harness.case import Case
from fusewright_harness.compare import Expected, compare
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Cancelled, Fault
from fusewright_harness.kernel_cache import share_compiled
from fusewright_harness.loading import is_lost, replace_reference
from fusewright_harness.rankings import settle
from fusewright_harness.soundness import expected_of, require_deterministic, take_nudged
from fusewright_harness.variant_comparison import compared, few_steps_off, may_be_unread, nearly
from fusewright_harness.variant_findings import blame, tell_of_nan, warn_of_formula, warn_of_refusal
from fusewright_harness.variant_outcome import Outcome, name_of
from fusewright_harness.workers import Answer, Worker, receive_answer

_MOST_ROWS_S = 5.0
_MANY_S = 3.0
"""So long a GPU's candidate may take for a thousand rows or columns, which may be a program too long to compile."""
_SLOW_VARIANT_S = 5.0
_SLOW_VARIANT = 10.0
_SLOW_NUDGE_S = 30.0
"""A reference takes so many seconds and so many calls' time for a variant, or it is left out.

It has longer for runs with rounding errors, asked for where a candidate is wrong: a busy machine excuses no one.
"""
_MOST_LOST = 2
"""After so many variants that ended the reference's process the others are left out: each takes a new one."""
_MANY = ("rows", "columns")
_CRASHES = ("OutOfBounds", "ProcessEnded", "AcceleratorError")
_CRASH_WORDS = ("illegal memory access", "misaligned address", "device-side assert", "out of bounds")


class Probe:
    """Tries variants of a case's inputs with its candidate; use it once."""

    def __init__(self, case: Case, loaded: Worker | None = None) -> None:
        """Where ``loaded`` has the candidate ready it runs them, until one crashes it; else a fresh worker does."""
        self._case = case
        self._loaded = loaded
        self._worker = loaded if loaded is not None and not loaded.ended else None
        self._outcome = Outcome()
        self._lost = 0
        self._plain: Expected | None = None

    def run(self, variants: list[dict[str, Any]], allowed_s: float) -> Outcome:
        """Tries one after another, until ``allowed_s`` seconds are over. Raises :class:`Fault` for the first fault."""
        case, begun = self._case, time.monotonic()
        try:
            for variant in variants:
                if self._is_left_alone(variant):
                    continue
                if time.monotonic() - begun > allowed_s or self._takes_long(variant):
                    self._outcome.late.append(name_of(variant))
                    continue
                case.step()
                self._try(variant)
        finally:
            self._dismiss()
        return self._outcome

    def _is_left_alone(self, variant: dict[str, Any]) -> bool:
        """Whether a variant may take a right kernel for ever, or its compiler.

        A loop that a number ends does not end by NaN, and a product of blocks of two thousand is a long program.
        """
        code = self._case.pair["triton"]["code"]
        return (variant["kind"] == "nan" and "while" in code) or (
            variant["kind"] == "columns" and "dot" in code
        )

    def _takes_long(self, variant: dict[str, Any]) -> bool:
        """Whether the interpreter, which runs a program for each row, is not done with so many in some seconds."""
        if variant["kind"] not in _MANY or not self._case.interpreted:
            return False
        return self._case.call_s * variant["to"] / variant["from"] > _MOST_ROWS_S

    def _try(self, variant: dict[str, Any], another: bool = False) -> bool | None:
        """Tries a variant: of the first inputs, or of ``another`` draw of them, which blames nobody.

        Returns whether the candidate is right there; None where that is not known.
        """
        case = self._case
        if self._lost > _MOST_LOST:
            self._outcome.left_out.append(name_of(variant))
            return None
        reference = case.team.reference
        fields = {"index": case.oldest, "variant": variant, "another": another}
        inputs = self._ask_reference("variant", f"running with {name_of(variant)}", **fields)
        if inputs is None or inputs.value is None:
            self._outcome.left_out.append(name_of(variant))
            return None
        reference.keep(inputs)
        try:
            case.step()
            wanted = self._ask_reference("variant_expected", "running the reference")
            if wanted is None:
                self._outcome.left_out.append(name_of(variant))
                return None
            expected = receive_answer(wanted, "reference", "pytorch")
            result, after = expected_of(expected)
            if variant["kind"] == "size" and not variant["from"] and not another:
                self._plain = result
            try:
                require_deterministic(result, expected.get("again", result.declared))
            except Fault:
                self._outcome.left_out.append(name_of(variant))
                return None
            try:
                answer = self._call(inputs, variant)
            except Fault as fault:
                self._failed(variant, inputs, fault)
                return None
        finally:
            inputs.close()
            reference.let_go(inputs)
        candidate = receive_answer(answer, "candidate", "triton")
        if variant["kind"] == "nan":
            if not tell_of_nan(case, (result, after), candidate):
                self._outcome.held.append(name_of(variant))
            return True
        if variant["kind"] == "near zero":
            if not warn_of_formula(
                case, variant, result, expected.get("formulas", []), candidate.get("result")
            ):
                self._outcome.held.append(name_of(variant))
            return True
        if expected.get("ranked"):
            misplaced, candidate["result"] = settle(
                result.declared, candidate.get("result"), expected["ranked"]
            )
            if misplaced is not None:
                return self._differs(variant, inputs, misplaced, another)
        comparison = compared(variant, result, after, candidate)
        if comparison.differs() and not few_steps_off(variant, comparison):
            nudged = self._ask_reference("nudged", "running with rounding errors", index=None)
            if nudged is None:
                # Nobody knows whether it is wrong.
                self._outcome.left_out.append(name_of(variant))
                return None
            take_nudged(nudged, result, after)
            comparison = compared(variant, result, after, candidate)
        if comparison.wrong is None or few_steps_off(variant, comparison):
            self._outcome.held.append(name_of(variant))
        elif may_be_unread(variant) and self._same_as_before(variant, result):
            # Three scales were made five, and there are three blocks still: the candidate need not know.
            self._outcome.unread.append(name_of(variant))
        elif variant["kind"] == "shifted" and nearly((result, after), candidate):
            self._outcome.inexact.append(name_of(variant))
        else:
            return self._differs(variant, inputs, comparison.wrong, another)
        return True

    def _differs(self, variant: dict[str, Any], inputs: Answer, sentence: str, another: bool) -> bool:
        """Blames a candidate that is wrong on two draws of the inputs; False where it is not to be blamed.

        One draw of some hundreds puts a number where every right kernel may land on either side. Where no other draw
        is to be had the first one decides.
        """
        if another:
            return False
        outcome, self._outcome = self._outcome, Outcome()
        right = self._try(variant, another=True)
        self._outcome = outcome
        if right:
            outcome.once.append(name_of(variant))
        else:
            self._confirm(variant, inputs, sentence)
        return False

    def _confirm(
        self, variant: dict[str, Any], inputs: Answer, sentence: str, line: int | None = None
    ) -> None:
        """Blames a candidate, unless all of the variants that would bear it out find it right.

        It stays blamed where one of these could not be tried.
        """
        if variant.get("coordinates"):
            self._outcome.coordinates.append(name_of(variant))
            return
        confirming = inputs.fields.get("confirming", [])
        if not confirming:
            self._wrong(variant, sentence, line)
            return
        outcome, self._outcome = self._outcome, Outcome()
        try:
            for other in confirming:
                self._try(other)
            if self._outcome.left_out:
                self._wrong(variant, sentence, line)
        finally:
            self._outcome = outcome
        found = outcome.other_shape if variant["kind"] == "option" else outcome.extreme
        found.append(name_of(variant))

    def _same_as_before(self, variant: dict[str, Any], result: Expected) -> bool:
        """Whether the reference gives what it gave before a size was renamed, though there is more to be read."""
        before = self._case.expected[self._case.oldest :]
        plain = self._plain if variant["base"] or not before else before[0]
        return (
            plain is not None and compare(Expected(plain.declared, None, []), result.declared).wrong is None
        )

    def _ask_reference(self, verb: str, doing: str, **fields: Any) -> Answer | None:
        """The reference's answer, or None where a variant ends its process or takes too long; a fresh one goes on."""
        case = self._case
        reference, left_s = case.team.reference, case.deadline.left_s()
        patience_s = _SLOW_NUDGE_S if verb == "nudged" else _SLOW_VARIANT_S
        limit_s = min(left_s / 2, patience_s + _SLOW_VARIANT * case.call_s)
        try:
            reference.hurry(Deadline.within(limit_s, case.deadline))
            reference.ask(verb, doing, **fields)
            answer = reference.answer()
            reference.hurry(case.deadline)
            return answer
        except Fault as fault:
            if not is_lost(fault) and fault.stage != "timeout":
                raise
            self._lost += 1
            replace_reference(self._case)
            return None

    def _call(self, inputs: Answer, variant: dict[str, Any]) -> Answer:
        case = self._case
        if self._worker is None:
            assert case.team.recruit is not None  # Asked by `probe`.
            self._worker = case.team.recruit()
            self._worker.assign("candidate", "triton", case.deadline)
            pair = {key: case.pair[key] for key in ("file", "triton", "entry")}
            if self._loaded is not None:
                # What the same pair compiled a moment ago.
                share_compiled(self._loaded.folder, self._worker.folder)
            self._worker.ask("load", "importing TRITON", pair=pair)
            self._worker.answer()
        call = {"value": inputs.value, "candidate": case.named_candidate}
        # A module's parameters are loaded where it is built.
        call |= {"afresh": variant["kind"] == "parameters", "backwards": bool(variant.get("backwards"))}
        brief = variant["kind"] in _MANY and not case.interpreted
        self._worker.hurry(Deadline.within(_MANY_S, case.deadline) if brief else case.deadline)
        with case.aside(case.call_bytes):
            self._worker.ask("variant", "running with other inputs", inputs.descriptors, **call)
            return self._worker.answer()

    def _dismiss(self) -> None:
        if self._worker is not None and self._worker is not self._loaded:
            self._case.team.dismiss(self._worker)
        self._worker = None

    def _failed(self, variant: dict[str, Any], inputs: Answer, fault: Fault) -> None:
        if fault.stage == "timeout" and variant["kind"] in _MANY and self._case.deadline.left_s() > 0:
            if self._worker is not None:
                self._worker.kill()
            self._dismiss()
            self._outcome.late.append(name_of(variant))
            return
        if fault.stage in ("timeout", "trust") or isinstance(fault, Cancelled) or fault.verdict is None:
            raise fault
        text = fault.message.strip().splitlines()[0] if fault.message.strip() else fault.kind
        if variant["kind"] == "nan":
            # A place made of NaN is none; whoever leaves memory there is not to blame.
            self._dismiss()
            self._outcome.refused.append(name_of(variant))
            return
        crashed = fault.kind in _CRASHES or any(word in fault.message for word in _CRASH_WORDS)
        if crashed or (self._worker is not None and self._worker.ended):
            self._dismiss()
        if crashed:
            if variant.get("coordinates") or inputs.fields.get("confirming"):
                self._confirm(variant, inputs, f"{fault.kind}: {text}", fault.line)
            else:
                self._crashed(variant, fault.kind, text, fault.line)
            return
        self._refused(variant, fault.kind, text)

    def _crashed(self, variant: dict[str, Any], kind: str, text: str, line: int | None) -> None:
        self._wrong(variant, f"{kind}: {text}", line)

    def _refused(self, variant: dict[str, Any], error: str, text: str) -> None:
        # A wrapper that says what it cannot do is honest.
        if variant["kind"] in _MANY:
            # So few elements in each row, or so many, are no size that anybody asks for.
            self._outcome.refused.append(name_of(variant))
            return
        if variant.get("coordinates"):
            self._outcome.coordinates.append(name_of(variant))
            return
        warn_of_refusal(self._case, variant, f"{error}: {text}")

    def _wrong(self, variant: dict[str, Any], sentence: str, line: int | None = None) -> None:
        blame(self._case, variant, sentence, line)
