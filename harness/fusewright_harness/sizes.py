"""At which sizes Triton's interpreter runs a pair: at the declared ones, unless that takes too long.

Each attempt has a team of its own. The first one is given up as soon as a call takes too long, or at once where the
inputs are large. Then come the plans of :mod:`reduction`, until both sides take one and it is quick enough, or the
time is over; and where none is left, the declared sizes for as long as there is time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Fault
from fusewright_harness.reduction import DECLARED, FEWEST_ELEMENTS, MOST_ELEMENTS, MOST_PLANS
from fusewright_harness.workers import Answer

if TYPE_CHECKING:
    from fusewright_harness.case import Case

_PATIENCE = 1 / 8
_MOST_PATIENCE_S = 20.0
_PATIENCE_WITH_SMALLER = 1 / 3
_MOST_LATE = 2
_NO_SIZES = ("parse", "import", "inputs", "trust", "timeout")
"""Stages whose faults say nothing against the sizes."""


class OtherSizes(Exception):
    """These sizes are ``late``, refused by the ``fault``, or there are no such (``none``): others are to be tried."""

    def __init__(self, fault: Fault | None = None, late: bool = False, none: bool = False) -> None:
        super().__init__()
        self.fault = fault
        self.late = late
        self.none = none


@dataclass(frozen=True)
class Sizes:
    """One attempt: the ``plan`` of its sizes, whether it is the ``last``, and why smaller ones were ``refused``.

    ``late`` says how many attempts took too long.
    """

    plan: int = DECLARED
    last: bool = False
    late: int = 0
    refused: Fault | None = None

    @property
    def first(self) -> bool:
        """Whether nothing was tried before."""
        return self.plan == DECLARED and not self.last

    def next(self, other: OtherSizes) -> Sizes:
        """The attempt after this one."""
        if other.none or self.plan == MOST_PLANS:
            return replace(self, plan=DECLARED, last=True)
        late = self.late + other.late
        # What is not done with a small part of the work may never be: it has the rest of the time.
        refused = self.refused or other.fault
        return replace(self, plan=self.plan + 1, last=late == _MOST_LATE, late=late, refused=refused)

    def patience_s(self, deadline: Deadline) -> float | None:
        """How long a call of the first seed may take; None where there is nothing to try after this."""
        if self.last:
            return None
        if self.plan == DECLARED:
            return min(_MOST_PATIENCE_S, _PATIENCE * deadline.limit_s)
        return _PATIENCE_WITH_SMALLER * deadline.left_s()

    def refuses(self, fault: Fault) -> bool:
        """Whether a fault says that somebody does not take smaller sizes, or that there is no room for these."""
        if fault.stage in _NO_SIZES or self.last:
            return False
        smaller_refused = self.plan != DECLARED and fault.verdict == "error" and fault.kind != "OutOfBounds"
        return fault.kind == "MemoryLimit" or smaller_refused

    def explain(self, fault: Fault) -> None:
        """Adds to a timeout at the declared sizes that smaller ones were refused."""
        if self.refused is not None:
            first = self.refused.message.strip().splitlines()[:1] or [self.refused.kind]
            fault.message += f". Smaller sizes are refused: {first[0][:200]}"


def take_sizes(case: Case, inputs: Answer) -> None:
    """Notes what the inputs' sizes were made. Raises :class:`OtherSizes` for too many elements, or for no such plan."""
    if case.plan == DECLARED:
        elements = sum(fact["numel"] for fact in case.inputs[-1])
        if case.patience_s is not None and elements > MOST_ELEMENTS:
            raise OtherSizes(late=True)
        if elements < FEWEST_ELEMENTS:
            # Whatever takes long there is not their size.
            case.patience_s = None
        return
    smaller = inputs.fields.get("smaller") or {}
    if not smaller:
        raise OtherSizes(none=True)
    case.made_smaller = {int(old): int(new) for old, new in smaller.items()}
    case.verdict.find_once(
        "SmallerSizes",
        "info",
        f"the declared sizes would take Triton's interpreter too long, so smaller ones were checked: {in_words(case)}",
        case.function_line("test"),
    )


@contextmanager
def impatient(case: Case, number: int) -> Iterator[None]:
    """Raises :class:`OtherSizes` where what runs inside takes too long with the first seed and smaller sizes may do."""
    if number > 0 or case.patience_s is None:
        yield
        return
    workers = (case.team.reference, case.team.candidate)
    hurried = Deadline.within(min(case.patience_s, case.deadline.left_s()), case.deadline)
    for worker in workers:
        worker.hurry(hurried)
    try:
        yield
    except Fault as fault:
        if fault.stage == "timeout":
            raise OtherSizes(late=True) from fault
        raise
    finally:
        for worker in workers:
            worker.hurry(case.deadline)


def in_words(case: Case) -> str:
    """What was made of which size."""
    return ", ".join(f"{old} made {new}" for old, new in sorted(case.made_smaller.items(), reverse=True))


def at_sizes(case: Case) -> str:
    """The beginning of a sentence about a result at sizes that are not the declared ones."""
    return f"at smaller sizes ({in_words(case)}) " if case.made_smaller else ""
