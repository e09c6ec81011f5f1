"""A step of the audit: the candidate on inputs that the pair does not show: other values, sizes and strides."""

from __future__ import annotations

from typing import Any

from fusewright_harness.case import Case
from fusewright_harness.faults import Fault
from fusewright_harness.loading import is_lost, replace_reference
from fusewright_harness.probing import Probe
from fusewright_harness.spelled import spells

_INTERPRETER_S = 12.0
_LONG_CALL_S = 1.0
"""A call that takes the interpreter longer is varied at reduced sizes."""
_MOST_BYTES = 2 << 30


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
        variants = [_of_the_task(variant, case.pair["python"]["code"]) for variant in _listed(case, reduced)]
        sentence = Probe(case, case.team.candidate).run(variants, allowed_s).sentence()
        if reduced:
            sentence = f"at reduced sizes, as the interpreter is slow: {sentence}"
        if sentence:
            case.verdict.find("Robustness", "info", sentence, case.function_line("triton"))


def _of_the_task(variant: dict[str, Any], code: str) -> dict[str, Any]:
    """A variant of a size that the reference's names spell out counts as one of coordinates."""
    if variant["kind"] == "size" and not variant.get("part") and spells(code, variant["from"]):
        return {**variant, "coordinates": True}
    return variant


def _listed(case: Case, reduced: bool) -> list[dict[str, Any]]:
    """The variants to try; where to ask what its inputs are for ends the reference's process, those of any inputs."""
    for asking in (True, False):
        fields = {"index": case.oldest, "reduced": reduced, "asking": asking}
        case.team.reference.ask("variants", "listing variants", **fields)
        try:
            return list(case.team.reference.answer().fields.get("variants", []))
        except Fault as fault:
            if not asking or not is_lost(fault):
                raise
            replace_reference(case)
    return []
