"""What no honest reference does: work that is repeated, unused, undone, or carried out slowly on purpose."""

from __future__ import annotations

from typing import Any

from fusewright_harness.case import Case
from fusewright_harness.faults import Fault
from fusewright_harness.loading import is_lost, replace_reference

_MOST_ROWS = 12
_MOST_SLICES = 24
_MOST_PRODUCTS = 64
"""Products of slices, as those of heads or experts: batched ones are not always as easy to write."""
_FEW_SLICES = 12
_MOST_ASKED = 8
_MOST_REPEATED = 6
_MOST_UNUSED = 0.3
_MOST_COPIES = 3
_HOST_BYTES = 1 << 12
_PYTHON_S = 0.0025
_PYTHON_S_A_CALL = 1.5e-4

_WASTE = {
    "unread": "of what the reference does is for numbers that nothing reads (most of what `{name}` gives); compute "
    "what is used",
    "product": "of what the reference does is `{name}` with a matrix that {how}; write what that does",
    "copies": "of what the reference does is on copies that are brought together again (`{name}`); compute it once",
    "outer": "of what the reference does is to write down all products of two tensors' elements (`{name}`) and to add "
    "them up; write a matrix product, or add up first",
    "wide": "of what the reference does is in float64 (`{name}`), which neither an input nor the result is; compute in "
    "the inputs' type",
}
"""What is said of each kind of needless work, behind its share of all."""


def examine(case: Case) -> None:
    """A step of the audit: each input's part in the result, and work that no honest reference does."""
    if not case.affords(1, "the examination of the reference"):
        return
    case.report("audit", "examining the reference")
    with case.phase("audit"):
        case.team.reference.ask("examine", "being examined", index=case.oldest)
        try:
            fields = case.team.reference.answer().fields
        except Fault as fault:
            if not is_lost(fault):
                raise
            # An index that was put elsewhere may be none any more, and on a GPU that ends the process.
            replace_reference(case)
            case.warn(
                "NotAudited", "what each input is for was not asked: other contents end the reference", None
            )
            return
    for number in fields.get("unused", []):
        raise case.rejected(
            "UnusedInput",
            f"the reference's result does not depend on tensor {number} of its inputs (counted from 0); take it away, "
            "or pass its shape alone where that is all that is used",
            "pytorch",
        )
    require_plain_work(case, fields.get("work", {}))


def require_plain_work(case: Case, work: Any) -> None:
    """Raises :class:`Fault` for work that no honest reference does, from what its process found."""
    try:
        _rule_on_work(case, work)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"the reference's process sent a report that is none ({error})"
        raise case.rejected("DamagedMessage", message, "pytorch") from error


def _rule_on_work(case: Case, work: dict[str, Any]) -> None:
    # What explains a slow reference best is named first.
    for rule in (
        _refuse_chance,
        _refuse_trips,
        _refuse_waste,
        _refuse_undone,
        _rule_on_loop,
        _refuse_superfluous,
        _refuse_waiting,
    ):
        rule(case, work)
    if double := work.get("double"):
        message = (
            f"the reference computes `{double['name']}` in float64, which none of its inputs is; that is slow"
        )
        case.warn("SlowReference", message, double["line"])


def _refuse_chance(case: Case, work: dict[str, Any]) -> None:
    """Random numbers, and elements that are written twice, so that on a GPU either value may stay."""
    if work.get("draws"):
        message = (
            "the reference draws random numbers, so that no kernel can be compared with it; "
            "pass the random mask, or a seed, as an argument"
        )
        raise case.rejected("StochasticReference", message, "pytorch")
    if name := work.get("overwritten"):
        message = (
            f"`{name}` in the reference writes other values to the same place, and on a GPU either may stay; let each "
            "place be written once, or add them up"
        )
        raise case.rejected("StochasticReference", message, "pytorch")


def _refuse_trips(case: Case, work: dict[str, Any]) -> None:
    """Tensors that are carried to the CPU."""
    if work.get("host", 0) > max(_HOST_BYTES, case.call_bytes // 16):
        message = "the reference carries its tensors to the CPU and back; compute where they are"
        raise _slow(case, message)
    if work.get("asked", 0) >= _MOST_ASKED:
        message = (
            f"the reference waits {work['asked']} times for a number that it takes from a tensor; compute where the "
            "tensors are"
        )
        raise _slow(case, message)


def _refuse_waste(case: Case, work: dict[str, Any]) -> None:
    """Work that the result does not ask for, whatever the inputs are."""
    wasted = work.get("wasted") or {}
    for kind, sentence in _WASTE.items():
        if found := wasted.get(kind):
            raise _slow(case, f"{found['share']:.0%} " + sentence.format(**found))
    if alike := wasted.get("alike"):
        message = (
            f"{alike['share']:.0%} of what the reference does is the same for each place of a dimension "
            f"(`{alike['name']}`): a speedup over it says little"
        )
        case.warn("SlowReference", message, None)


def _refuse_undone(case: Case, work: dict[str, Any]) -> None:
    """Work that changes nothing, or leads back to where it began."""
    if idle := work.get("idle"):
        message = f"`{idle['name']}` in the reference changes nothing in its result; leave it out"
        if idle.get("part"):
            message = (
                f"the greater part of what `{idle['name']}` gives reaches no result of the reference; compute what is "
                "used"
            )
        raise _slow(case, message, idle["line"])
    if trip := work.get("roundtrip"):
        message = (
            f"what `{trip['name']}` does in the reference is undone again: {trip['share']:.0%} of the work leads back "
            "to where it began; leave it out"
        )
        raise _slow(case, message)
    if same := work.get("same"):
        message = f"the reference computes the same values by `{same['name']}` {same['count']} times; once is enough"
        raise _slow(case, message)
    if work.get("input"):
        message = (
            "the reference gives its inputs back as they came, so a copy would be right; compute something"
        )
        raise case.rejected("IdleReference", message, "pytorch")


def _rule_on_loop(case: Case, work: dict[str, Any]) -> None:
    """Calls on slices of one tensor; a warning where each needs the one before, or where they are few."""
    loop = work.get("loop")
    if not loop:
        return
    limit = _MOST_ROWS if loop["rows"] else _MOST_PRODUCTS if loop["products"] else _MOST_SLICES
    message = (
        f"the reference calls `{loop['name']}` {loop['count']} times on slices of one tensor; compute the whole at "
        "once, as a fair baseline would"
    )
    if loop["count"] >= limit and not loop["chained"]:
        raise _slow(case, message, loop["line"])
    if loop["chained"]:
        message = (
            f"the reference calls `{loop['name']}` {loop['count']} times on slices of one tensor, in a loop whose "
            "steps need one another: a speedup over it counts launches more than work"
        )
    if loop["count"] >= min(_FEW_SLICES, limit // 2):
        case.warn("SlowReference", message, loop["line"])


def _refuse_superfluous(case: Case, work: dict[str, Any]) -> None:
    """Work that is done over again, that no result comes from, and copies."""
    repeated, unused, copies = (work.get(key) or {} for key in ("repeated", "unused", "copies"))
    if repeated and repeated["count"] >= _MOST_REPEATED:
        message = (
            f"the reference computes the same `{repeated['name']}` {repeated['count']} times; once is enough"
        )
        if not repeated["beside"]:
            raise _slow(case, message, repeated["line"])
        case.warn("SlowReference", f"{message}, before the loop", repeated["line"])
    if unused and unused["share"] > _MOST_UNUSED:
        message = (
            f"{unused['share']:.0%} of what the reference computes (`{unused['name']}` for one) reaches no result; "
            "leave it out"
        )
        raise _slow(case, message, unused["line"])
    if copies and copies["count"] >= _MOST_COPIES:
        message = f"the reference makes {copies['count']} copies that nothing needs; leave them out"
        raise _slow(case, message, copies["line"])


def _refuse_waiting(case: Case, work: dict[str, Any]) -> None:
    """Time that passes between torch's operators."""
    if work.get("outside_s", 0.0) > _PYTHON_S + _PYTHON_S_A_CALL * work.get("calls", 0):
        message = (
            f"the reference spends {work['outside_s'] * 1e3:.0f} ms in Python between its operators, with which no "
            "kernel is to be compared; let torch's operators do the work"
        )
        raise _slow(case, message)


def _slow(case: Case, message: str, line: int | None = None) -> Fault:
    return case.rejected("SlowReference", message, "pytorch", line)
