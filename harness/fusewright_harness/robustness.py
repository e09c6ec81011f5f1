"""A step of the audit: the candidate on inputs that the pair does not show: other values, sizes and strides.

The candidate's own process runs them, which has the kernels compiled and nothing left to do, until a variant crashes
it: that says something of the variant, and a fresh worker runs the others. What the reference refuses, or gives no
number for, is left out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import torch

from fusewright_harness.case import Case
from fusewright_harness.compare import Comparison, Expected, compare
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Cancelled, Fault
from fusewright_harness.kernel_cache import share_compiled
from fusewright_harness.loading import is_lost, replace_reference
from fusewright_harness.outcomes import equal_contents
from fusewright_harness.rankings import settle
from fusewright_harness.soundness import expected_of, require_deterministic, take_nudged
from fusewright_harness.values import take_apart
from fusewright_harness.workers import Answer, Worker, receive_answer

_SLACK = 20.0
"""Other values may lie where every kernel errs more; what is wrong there is wrong by far."""
_MOST_STEPS_OFF = 0.005
_INEXACT = 0.01
"""What a shifted result may err, as a part of the output's root mean square, before it counts as wrong by far."""
_FEW_CHANNELS = 8
_INTERPRETER_S = 12.0
_MOST_ROWS_S = 5.0
_LONG_CALL_S = 1.0
"""A call that takes the interpreter longer is varied at reduced sizes."""
_MOST_BYTES = 2 << 30
_SLOW_VARIANT_S = 5.0
_SLOW_VARIANT = 10.0
_SLOW_NUDGE_S = 30.0
"""A reference takes so many seconds and so many calls' time for a variant, or it is left out.

It has longer for runs with rounding errors, asked for where a candidate is wrong: a busy machine excuses no one.
"""
_MOST_LOST = 2
"""After so many variants that ended the reference's process the others are left out: each takes a new one."""
_SIZES = ("size", "batches", "groups", "rows")
_CRASHES = ("OutOfBounds", "ProcessEnded", "AcceleratorError")
_CRASH_WORDS = ("illegal memory access", "misaligned address", "device-side assert", "out of bounds")


@dataclass
class Outcome:
    """What became of the variants, by their names in words."""

    held: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    extreme: list[str] = field(default_factory=list)
    other_shape: list[str] = field(default_factory=list)
    coordinates: list[str] = field(default_factory=list)
    inexact: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The outcome for the line."""
        # Several inputs may have been varied in the same way.
        parts = [f"right also with {', '.join(dict.fromkeys(self.held))}"] if self.held else []
        parts += (
            [f"left out, for the reference refuses them: {', '.join(self.left_out)}"] if self.left_out else []
        )
        parts += (
            [f"left out, for the reference does not read what was added: {', '.join(self.unread)}"]
            if self.unread
            else []
        )
        parts += (
            [f"other than the reference only where several inputs hold {', '.join(self.extreme)} at once"]
            if self.extreme
            else []
        )
        parts += (
            [
                f"right with {', '.join(self.other_shape)} where that is as large as the input, but not for a row"
            ]
            if self.other_shape
            else []
        )
        parts += (
            [f"made for one number of coordinates, so not for {', '.join(self.coordinates)}"]
            if self.coordinates
            else []
        )
        parts += (
            [f"less exact than the reference, by less than {_INEXACT:.0%}, with {', '.join(self.inexact)}"]
            if self.inexact
            else []
        )
        parts += [f"refused by the candidate: {', '.join(self.refused)}"] if self.refused else []
        parts += [f"not tried for want of time: {', '.join(self.late)}"] if self.late else []
        return "; ".join(parts)


def probe(case: Case) -> None:
    """Raises :class:`Fault` where the candidate is wrong on a variant that both sides accept."""
    if case.call_bytes > _MOST_BYTES or case.team.recruit is None:
        case.warn(
            "NotAudited", "other values and sizes were left out: the inputs are too large to vary", None
        )
        return
    case.report("audit", "trying other values, sizes and strides")
    with case.phase("robustness"):
        allowed_s = case.deadline.left_s() / 2
        if case.interpreted:
            allowed_s = min(_INTERPRETER_S, allowed_s)
        reduced = case.interpreted and case.call_s > _LONG_CALL_S
        case.team.reference.ask("variants", "listing variants", index=case.oldest, reduced=reduced)
        variants = case.team.reference.answer().fields.get("variants", [])
        sentence = Probe(case, case.team.candidate).run(variants, allowed_s).sentence()
        if reduced:
            sentence = f"at reduced sizes, as the interpreter is slow: {sentence}"
        if sentence:
            case.verdict.find("Robustness", "info", sentence, case.function_line("triton"))


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
                if time.monotonic() - begun > allowed_s or self._takes_long(variant):
                    self._outcome.late.append(name_of(variant))
                    continue
                case.step()
                self._try(variant)
        finally:
            self._dismiss()
        return self._outcome

    def _takes_long(self, variant: dict[str, Any]) -> bool:
        """Whether the interpreter, which runs a program for each row, is not done with so many in some seconds."""
        if variant["kind"] != "rows" or not self._case.interpreted:
            return False
        return self._case.call_s * variant["to"] / variant["from"] > _MOST_ROWS_S

    def _try(self, variant: dict[str, Any]) -> None:
        case = self._case
        if self._lost > _MOST_LOST:
            self._outcome.left_out.append(name_of(variant))
            return
        reference = case.team.reference
        fields = {"index": case.oldest, "variant": variant}
        inputs = self._ask_reference("variant", f"running with {name_of(variant)}", **fields)
        if inputs is None or inputs.value is None:
            self._outcome.left_out.append(name_of(variant))
            return
        reference.keep(inputs)
        try:
            case.step()
            wanted = self._ask_reference("variant_expected", "running the reference")
            if wanted is None:
                self._outcome.left_out.append(name_of(variant))
                return
            expected = receive_answer(wanted, "reference", "pytorch")
            result, after = expected_of(expected)
            if variant["kind"] == "size" and not variant["from"]:
                self._plain = result
            try:
                require_deterministic(result, expected.get("again", result.declared))
            except Fault:
                self._outcome.left_out.append(name_of(variant))
                return
            try:
                answer = self._call(inputs, variant)
            except Fault as fault:
                self._failed(variant, inputs, fault)
                return
        finally:
            inputs.close()
            reference.let_go(inputs)
        candidate = receive_answer(answer, "candidate", "triton")
        if expected.get("ranked"):
            misplaced, candidate["result"] = settle(
                result.declared, candidate.get("result"), expected["ranked"]
            )
            if misplaced is not None:
                self._wrong(variant, misplaced)
                return
        comparison = _compared(result, after, candidate)
        if comparison.differs() and not _excused(variant, comparison):
            nudged = self._ask_reference("nudged", "running with rounding errors", index=None)
            if nudged is None:
                # Nobody knows whether it is wrong.
                self._outcome.left_out.append(name_of(variant))
                return
            take_nudged(nudged, result, after)
            comparison = _compared(result, after, candidate)
        if comparison.wrong is None or _excused(variant, comparison):
            self._outcome.held.append(name_of(variant))
        elif _may_be_unread(variant) and self._same_as_before(variant, result):
            # Three scales were made five, and there are three blocks still: the candidate need not know.
            self._outcome.unread.append(name_of(variant))
        elif variant["kind"] == "shifted" and _nearly((result, after), candidate):
            self._outcome.inexact.append(name_of(variant))
        else:
            self._confirm(variant, inputs, comparison.wrong)

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
        with case.aside(case.call_bytes):
            self._worker.ask("variant", "running with other inputs", inputs.descriptors, **call)
            return self._worker.answer()

    def _dismiss(self) -> None:
        if self._worker is not None and self._worker is not self._loaded:
            self._case.team.dismiss(self._worker)
        self._worker = None

    def _failed(self, variant: dict[str, Any], inputs: Answer, fault: Fault) -> None:
        if fault.stage in ("timeout", "trust") or isinstance(fault, Cancelled) or fault.verdict is None:
            raise fault
        text = fault.message.strip().splitlines()[0] if fault.message.strip() else fault.kind
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
        if variant["kind"] == "rows":
            # So few elements in each row are no size that anybody asks for.
            self._outcome.refused.append(name_of(variant))
            return
        kind = "SizeRefused" if variant["kind"] in _SIZES else "VariantRefused"
        message = f"the candidate refuses {name_of(variant)}, which the reference takes: {error}: {text}"
        # Who asks for contiguous tensors is asked for nothing more.
        severity = "info" if variant["kind"] == "strides" else "warning"
        line = self._case.function_line("triton")
        self._case.verdict.find_once(kind, severity, message[:400], line)

    def _wrong(self, variant: dict[str, Any], sentence: str, line: int | None = None) -> None:
        case, kind = self._case, variant["kind"]
        if kind == "strides":
            message = (
                f"the candidate ignores its inputs' strides: with others {sentence}; call `.contiguous()`"
            )
            case.warn("StridesIgnored", message[:400], case.function_line("triton"))
            return
        if kind in _SIZES:
            what = name_of(variant)
            if kind == "size":
                what = "sizes" if variant["from"] == 0 else f"the size {variant['from']} made {variant['to']}"
            raise case.rejected(
                "WrongAtSize",
                f"with {what} the wrapper runs, but {sentence}; mask the tail, or refuse the size with an error",
                line=line,
            )
        raise case.rejected("WrongAtValues", f"with {name_of(variant)} {sentence}", line=line)


def _compared(result: Expected, after: Expected, candidate: dict[str, Any]) -> Comparison:
    """What the candidate gave beside what it should, and its arguments after the call."""
    comparison = compare(result, candidate.get("result"), slack=_SLACK)
    changed = compare(after, candidate.get("after"), what="input after the call ", slack=_SLACK)
    if changed.wrong:
        comparison.blame(changed.wrong)
    return comparison


def _may_be_unread(variant: dict[str, Any]) -> bool:
    """Whether a size may be one that the reference takes by number: how many blocks there are, or a few channels."""
    return bool(variant.get("counts_blocks")) or (
        variant["kind"] == "size" and 0 < variant["from"] <= _FEW_CHANNELS
    )


def _nearly(expected: tuple[Expected, Expected], candidate: dict[str, Any]) -> bool:
    """Whether all that was given and changed is off by a little.

    A variance that is made as a difference of squares loses digits far from zero, and is a variance still.
    """
    wanted_tree, wanted = take_apart([run.declared for run in expected])
    found_tree, found = take_apart([candidate.get("result"), candidate.get("after")])
    return wanted_tree == found_tree and all(map(_near, wanted, found))


def _near(wanted: torch.Tensor, found: torch.Tensor) -> bool:
    if wanted.shape != found.shape or wanted.dtype != found.dtype:
        return False
    if not wanted.dtype.is_floating_point or wanted.dtype.itemsize == 1:
        return equal_contents(wanted, found)
    counted = torch.isfinite(wanted)
    wanted, error = wanted[counted].double(), (found - wanted)[counted].double().abs()
    # Where NaN is found the comparison is false, as it should be.
    return wanted.numel() == 0 or bool(error.max() <= _INEXACT * wanted.square().mean().sqrt())


def _excused(variant: dict[str, Any], comparison: Comparison) -> bool:
    """Whether all that differs are a few elements of whole-number outputs, which other values put on a border."""
    if variant["kind"] == "precise":
        # One number of each row is beyond float32, and whole numbers are exact.
        return False
    wrong = [output for output in comparison.outputs if output["mismatched"]]
    return bool(wrong) and all(
        output["dtype"].startswith(("int", "uint", "bool", "float8"))
        and output["mismatched"] <= _MOST_STEPS_OFF * output["total"]
        for output in wrong
    )


def name_of(variant: dict[str, Any]) -> str:
    """A variant in words."""
    if variant.get("backwards"):
        return f"{name_of({**variant, 'backwards': False})}, the last program first"
    kind = variant.get("kind")
    if kind == "size":
        one = "one " if variant.get("part") else ""
        if not variant["from"]:
            return "reduced sizes" if variant["base"] else "the declared sizes"
        return f"{one}{variant['from']} -> {variant['to']}"
    if kind == "rows":
        return f"more than a thousand rows ({variant['from']} -> {variant['to']})"
    if kind == "option":
        beside = " beside small values" if variant["small"] else ""
        return f"something else than {variant['was']} among the arguments{beside}"
    if kind == "code":
        return f"{variant['code']} among the values, for which the reference asks,"
    if kind == "scaled" and variant.get("by", 1) < 1:
        return "small values"
    if kind == "shifted" and variant.get("by", 0) < 0:
        return "values shifted down"
    if kind == "spiked" and variant.get("place"):
        return "other elements of each row far larger"
    return {
        "reversed": "an index turned round",
        "parted": "different tensors in place of equal ones",
        "drawn": "random numbers in place of constants",
        "negated": "signs drawn at random",
        "scaled": "scaled values",
        "spiked": "one element of each row far larger than the others",
        "special": "NaN and infinities, for which the reference asks,",
        "longer": "one more tensor in each list",
        "negative": "negative whole numbers",
        "larger": "larger whole numbers",
        "tied": "equal numbers among the values",
        "precise": "whole numbers that float32 does not hold",
        "range": "indices drawn from the whole of their range",
        "parameters": "random numbers in place of the module's constant parameters",
        "shifted": "shifted values",
        "strides": "other strides",
        "batches": "two batches",
        "groups": "twice as many batches or heads in the first tensor",
    }.get(str(kind), "a variant")
