"""The timing of both sides in turn, and the ruling that follows."""

from __future__ import annotations

import secrets
import time
from typing import Any

from fusewright_harness import timing
from fusewright_harness.case import Case, new_seed
from fusewright_harness.compare import compare
from fusewright_harness.faults import Fault
from fusewright_harness.timing import Plan
from fusewright_harness.workers import Worker, receive_answer


def time_both(case: Case) -> None:
    """Times reference and candidate in alternating slots and sets the verdict's ruling and times."""
    team = case.team
    case.report("timing", "timing both, in turn")
    with case.phase("timing"):
        first = timing.trial_order(case.call_bytes)
        trials = {worker: _slot(worker, first) for worker in (team.reference, team.candidate)}
        plans = {worker: timing.plan_from_trial(trial, case.call_bytes) for worker, trial in trials.items()}
        slots: dict[Worker, list[list[float]]] = {team.reference: [], team.candidate: []}
        checked = secrets.randbelow(timing.SLOT_PAIRS)
        for number in range(timing.SLOT_PAIRS):
            order = (team.reference, team.candidate) if number % 2 == 0 else (team.candidate, team.reference)
            for worker in order:
                slot = _slot(worker, plans[worker].order(number))
                slots[worker].append(timing.numbers(slot, "device_ms")[1:])
                if worker is team.candidate and number == checked:
                    _check_timed(case, slot, plans[worker])
        host = {worker: _slot(worker, timing.host_order(case.call_bytes), hosted=True) for worker in plans}
        measured = timing.evaluate(slots[team.reference], slots[team.candidate], new_seed())
    medians = {worker: sorted(timing.numbers(slot, "host_ms")[1:]) for worker, slot in host.items()}
    ruling = timing.ruling(measured, case.options.min_speedup)
    case.verdict.set(
        verdict=ruling,
        reason=_reason(ruling, measured, case.options.min_speedup),
        speedup=round(measured.speedup, 4),
        speedup_ci=[round(bound, 4) for bound in measured.interval],
        python_ms=round(measured.python_ms, 5),
        triton_ms=round(measured.triton_ms, 5),
        host_ms={
            "python": round(medians[team.reference][len(medians[team.reference]) // 2], 5),
            "triton": round(medians[team.candidate][len(medians[team.candidate]) // 2], 5),
        },
    )


def _slot(worker: Worker, order: dict[str, Any], hosted: bool = False) -> dict[str, Any]:
    begun = time.perf_counter()
    worker.ask("slot", "being timed", **order)
    slot = worker.answer().fields
    if not hosted:
        timing.check_against_clock(slot, (time.perf_counter() - begun) * 1e3)
    return slot


def _check_timed(case: Case, slot: dict[str, Any], plan: Plan) -> None:
    """Compares the output of one timed call, drawn after the slot was over."""
    call = secrets.randbelow(plan.calls)
    inputs = (slot.get("inputs") or [0])[call]
    case.team.candidate.ask("timed_output", "handing over a timed output", call=call)
    result = receive_answer(case.team.candidate.answer(), "candidate", "triton")
    comparison = compare(case.expected[inputs], result.get("result"), what="a timed call's output")
    if comparison.wrong is not None:
        raise Fault("triton", "trust", "TimedOutput", comparison.wrong, verdict="rejected")


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
