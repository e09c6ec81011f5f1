"""The timing of both sides in turn, and the ruling that follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from fusewright_harness import timing
from fusewright_harness.card import present_card
from fusewright_harness.case import Case
from fusewright_harness.clock import Clock
from fusewright_harness.faults import Fault
from fusewright_harness.roofline import (
    Work,
    refuse_impossible_speed,
    refuse_slowed_reference,
    refuse_wasteful_reference,
    roofline,
)
from fusewright_harness.stopwatch import cuda_handles
from fusewright_harness.timekeeper import Timekeeper

_clocks: dict[int, Clock] = {}


@dataclass(frozen=True)
class Prepared:
    """What is known of a pair that is about to be timed."""

    work: Work | None
    keeper: Timekeeper


@contextmanager
def _on_its_line(case: Case) -> Iterator[None]:
    """Gives a fault of trust the line of the function it is about."""
    try:
        yield
    except Fault as fault:
        if fault.stage == "trust" and fault.line is None:
            fault.line = case.function_line(fault.implementation)
        raise


def prepare_to_time(case: Case) -> Prepared:
    """What comes before the timing and needs no device to itself. Raises :class:`Fault` for a wasteful reference."""
    case.report("timing", "timing both, in turn")
    with case.phase("rehearsal"), _on_its_line(case):
        work = _work(case)
        if work is not None:
            refuse_wasteful_reference(work)
        keeper = Timekeeper(case, judges_clock())
        keeper.rehearse()
    return Prepared(work, keeper)


def time_both(case: Case, prepared: Prepared, first: Callable[[], None]) -> None:
    """Times reference and candidate in alternating slots and sets the verdict's ruling and times.

    ``first`` is called once they are known, before they are measured better and held to the judge's clock. Only what
    is timed has the device to itself: the driver may be busy with others before and after.
    """
    keeper = prepared.keeper
    with _on_its_line(case):
        with case.turn(alone=True):
            with case.phase("timing"):
                measured = keeper.first()
            _rule(case, prepared.work, measured, None)
            first()
            with case.phase("timing"):
                measured, host = keeper.confirm()
        with case.team.turns.quiet.noise(), case.phase("compare"):
            keeper.outputs.check()
        _rule(case, prepared.work, measured, host)


def _rule(case: Case, work: Work | None, measured: timing.Timing, host: dict[str, float] | None) -> None:
    """Sets what the verdict says of the times. Raises :class:`Fault` for times that cannot be, or count nothing."""
    card = present_card()
    if work is not None:
        refuse_slowed_reference(work, card, measured.python_ms)
        if card is not None:
            refuse_impossible_speed(work, card, measured.triton_ms, case.output_bytes)
    ruling = timing.ruling(measured, case.options.min_speedup)
    case.verdict.set(
        verdict=ruling,
        reason=_reason(ruling, measured, case.options.min_speedup),
        speedup=round(measured.speedup, 4),
        speedup_ci=[round(bound, 4) for bound in measured.interval],
        python_ms=round(measured.python_ms, 5),
        triton_ms=round(measured.triton_ms, 5),
        host_ms=host,
        roofline=roofline(work, card, measured.triton_ms) if work is not None else None,
    )


def time_reference(case: Case, compiled: bool = False) -> float:
    """The milliseconds of a call of the reference alone, as it is or as torch.compile has it."""
    return Timekeeper(case, judges_clock(), compiled=compiled).reference_ms()


def _work(case: Case) -> Work | None:
    """What the reference does, operator by operator, where that can be told."""
    case.team.reference.ask("census", "being looked at")
    return Work.of(case.team.reference.answer().fields)


def judges_clock() -> Clock:
    """The clock for this process's GPU, calibrated on first use."""
    number = torch.cuda.current_device()
    if number not in _clocks:
        _clocks[number] = Clock(cuda_handles(torch.device("cuda", number)))
    return _clocks[number]


def _reason(ruling: str, measured: timing.Timing, min_speedup: float) -> str | None:
    low, high = measured.interval
    if ruling == "pass":
        return None
    if ruling == "slower":
        return (
            f"right, but only {measured.speedup:.2f}x the reference's speed "
            f"(at best {high:.2f}x; wanted above {min_speedup:g}x)"
        )
    return f"right, but no faster as far as can be told: {low:.2f}x to {high:.2f}x holds the wanted {min_speedup:g}x"
