"""The timing of both sides in turn, and the ruling that follows."""

from __future__ import annotations

import math
import secrets
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from fusewright_harness import timing
from fusewright_harness.card import present_card
from fusewright_harness.case import Case, new_seed
from fusewright_harness.clock import Clock, Round, check_total, contradiction
from fusewright_harness.compare import LATER_CALLS, Expected, compare
from fusewright_harness.faults import Fault, harness_fault
from fusewright_harness.launch_cost import evened
from fusewright_harness.roofline import (
    Work,
    refuse_impossible_speed,
    refuse_slowed_reference,
    refuse_wasteful_reference,
    roofline,
)
from fusewright_harness.soundness import expected_of
from fusewright_harness.stopwatch import cuda_handles
from fusewright_harness.timing import Plan, Room
from fusewright_harness.values import take_apart
from fusewright_harness.workers import Worker, receive_answer

_CLOCKED_ROUNDS = 3
_ATTEMPTS = 4
_QUIET_REPEATS = 2
_QUIET_LIMIT_S = 15.0
_LONE_SLOTS = 4
_REHEARSED = 32
_REHEARSED_BYTES = 1 << 30

_clocks: dict[int, Clock] = {}


@dataclass(frozen=True)
class Prepared:
    """What is known of a pair that is about to be timed."""

    work: Work | None
    keeper: _Timekeeper


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
        keeper = _Timekeeper(case, judges_clock())
        keeper.rehearse()
    return Prepared(work, keeper)


def time_both(case: Case, prepared: Prepared) -> None:
    """Times reference and candidate in alternating slots and sets the verdict's ruling and times.

    Only what is timed has the device to itself: the driver may be busy with others before and after.
    """
    work, keeper = prepared.work, prepared.keeper
    with _on_its_line(case):
        with case.turn(alone=True), case.phase("timing"):
            measured, host = keeper.measure()
        with case.team.turns.quiet.noise(), case.phase("compare"):
            keeper.check()
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
    return _Timekeeper(case, judges_clock(), compiled=compiled).reference_ms()


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


@dataclass(frozen=True)
class _Slot:
    """One slot as it went: what its calls were given, what its worker reported, what the judge's clock saw."""

    contents: list[Any]
    reported: dict[str, Any]
    wall_ms: float


class _Timekeeper:
    """The slots of one verdict."""

    def __init__(self, case: Case, clock: Clock, compiled: bool = False) -> None:
        self._case = case
        self._compiled = compiled
        self._clock = clock
        self._sides = (case.team.reference, case.team.candidate)
        self._room = Room(case.call_bytes, torch.cuda.mem_get_info()[0])
        self._held = list(range(case.oldest, len(case.expected)))
        # Large inputs are held once, so there is nothing to mix.
        self._mixing = len(self._held) > 1
        self._launches = min(case.launches[1:], default=1)
        self._stashed: list[tuple[int, Any]] = []

    def rehearse(self) -> None:
        """Has both sides fetch from the driver what their slots will take, where that is little."""
        if self._room.large or _REHEARSED * self._room.call_bytes > _REHEARSED_BYTES:
            return
        plan = Plan(_REHEARSED, 1, 0.0)
        for side in self._sides:
            order = {**self._order(side, plan, "device", True), "contents": [self._held[0]] * plan.rounds}
            side.ask("prepare", "preparing to be timed", **order)
        for side in self._sides:
            side.answer()

    def measure(self) -> tuple[timing.Timing, dict[str, float]]:
        """The ratio with its interval, and the calls' times as the host sees them."""
        trials = self._trials()
        plans = timing.plans_from_trials(trials, self._room, self._clock.overhead_ms)
        slots: dict[Worker, list[list[float]]] = {side: [] for side in self._sides}
        windows: dict[Worker, list[float]] = {side: [] for side in self._sides}
        enqueue: dict[Worker, list[float]] = {side: [] for side in self._sides}
        short = plans[0].batch > 1
        # Of short calls events only have to bear CUPTI out.
        first = timing.SLOT_PAIRS // 2 if short else timing.SLOT_PAIRS
        checked = {secrets.randbelow(first // 2), secrets.randbelow(first)}

        def take(numbers: range) -> None:
            for number in numbers:
                prepared = {} if self._room.large else self._prepare(plans)
                for side in self._sides if number % 2 == 0 else reversed(self._sides):
                    plan = plans[self._sides.index(side)]
                    slot = self._go(side, plan, prepared[side]) if prepared else self._slot(side, plan)
                    times = timing.device_times(slot.reported, plan.batch, self._clock.overhead_ms)[1:]
                    slots[side].append(times)
                    windows[side] += timing.launch_times(slot.reported)
                    enqueue[side] += timing.numbers(slot.reported, "enqueue_ms")
                    if side is self._case.team.candidate and number in checked:
                        self._stash(slot, plan, times)
                    self._rest(side)

        take(range(first))
        busy = self._busy(plans) if short else None
        self._case.by_kernels = busy is not None and all(
            one.plausible(slots[side], self._launches if side is self._case.team.candidate else 1)
            for side, one in zip(self._sides, busy, strict=True)
        )
        if not self._case.by_kernels:
            take(range(first, timing.SLOT_PAIRS))
        for side, plan in zip(self._sides, plans, strict=True):
            device_ms = statistics.median(time for times in slots[side] for time in times)
            # The host's slowest rounds set the pace of a slot as much as the others.
            enqueue_ms = statistics.quantiles(enqueue[side], n=10)[-1]
            self._hold_to_clock(side, plan, Round(plan.batch, device_ms, plan.wait_ms, enqueue_ms))
        if busy is not None and self._case.by_kernels:
            measured = timing.evaluate(*(one.slots for one in busy), new_seed(), by_kernels=True)
        else:
            measured = timing.evaluate(*self._evened(slots, windows), new_seed())
        host = {
            name: self._host_ms(side) for name, side in zip(("python", "triton"), self._sides, strict=True)
        }
        return measured, host

    def reference_ms(self) -> float:
        """The reference's time by itself, in fewer slots: its neighbour's drift is not at stake."""
        side = self._sides[0]
        trial = self._slot(side, timing.trial_plan(self._room))
        plan = timing.plans_from_trials([trial.reported], self._room, self._clock.overhead_ms)[0]
        if self._case.by_kernels and (busy := self._busy([plan])) is not None:
            # As the candidate was.
            return statistics.median(time for times in busy[0].slots for time in times)
        times: list[float] = []
        windows: list[float] = []
        for _ in range(_LONE_SLOTS):
            slot = self._slot(side, plan)
            times += timing.device_times(slot.reported, plan.batch, self._clock.overhead_ms)[1:]
            windows += timing.launch_times(slot.reported)
            self._rest(side)
        excess_ms = self._clock.costs.excess_ms(self._clock.costs.learn(windows))
        # What is compiled makes few launches, most often one.
        return statistics.median(evened(times, 1, excess_ms))

    def _busy(self, plans: list[Plan]) -> list[timing.Busy] | None:
        """What the kernels take by CUPTI, of each side that has a plan; None where that cannot be known.

        Of short calls it differs far less between processes than what lies between two events, where each launch is
        in it with a time that every process has of its own.
        """
        sides = self._sides[: len(plans)]
        slots: dict[Worker, list[list[float]]] = {side: [] for side in sides}
        records: dict[Worker, list[float]] = {side: [] for side in sides}
        # Whoever counts its calls knows which these are, so outputs of theirs are checked as well.
        checked = {secrets.randbelow(timing.BUSY_SLOT_PAIRS // 2), secrets.randbelow(timing.BUSY_SLOT_PAIRS)}
        for number in range(timing.BUSY_SLOT_PAIRS):
            for side in sides if number % 2 == 0 else reversed(sides):
                plan = plans[sides.index(side)]
                slot = self._slot(side, plan, how="kernels")
                if "problem" in slot.reported:
                    return None
                times = timing.numbers(slot.reported, "busy_ms")[1:]
                slots[side].append(times)
                records[side] += timing.numbers(slot.reported, "records")
                if side is self._case.team.candidate and number in checked:
                    self._stash(slot, plan, times)
                self._rest(side)
        return [timing.Busy(slots[side], statistics.median(records[side])) for side in sides]

    def _evened(
        self, slots: dict[Worker, list[list[float]]], windows: dict[Worker, list[float]]
    ) -> list[list[list[float]]]:
        """Both sides' times as they would be in processes whose launches take what is typical."""
        costs = [self._clock.costs.learn(windows[side]) for side in self._sides]
        launches = (
            int(self._case.reference_work.get("count", 1)),
            self._launches + int(self._case.candidate_work.get("count", 0)),
        )
        return [
            [evened(times, count, self._clock.costs.excess_ms(cost)) for times in slots[side]]
            for side, count, cost in zip(self._sides, launches, costs, strict=True)
        ]

    def _trials(self) -> list[dict[str, Any]]:
        reference, candidate = self._sides
        plan = timing.trial_plan(self._room)
        try:
            first = self._slot(reference, plan)
        except Fault as fault:
            if fault.stage != "timing" or not self._mixing:
                raise
            # A reference may ask more of its inputs than a mixture gives; then they are taken as they were drawn.
            self._mixing = False
            first = self._slot(reference, plan)
        self._rest(reference)
        second = self._slot(candidate, plan)
        self._rest(candidate)
        return [first.reported, second.reported]

    def _slot(self, side: Worker, plan: Plan, how: str = "device", keep: bool = True) -> _Slot:
        """One slot of one side, for whatever is not compared between the sides."""
        order = self._order(side, plan, how, keep)
        side.ask("prepare", "preparing to be timed", **order)
        side.answer()
        return self._go(side, plan, order)

    def _prepare(self, plans: list[Plan]) -> dict[Worker, dict[str, Any]]:
        """Has both sides prepare their slots at once: it is the host's work mostly."""
        orders = {
            side: self._order(side, plan, "device", True)
            for side, plan in zip(self._sides, plans, strict=True)
        }
        for side, order in orders.items():
            side.ask("prepare", "preparing to be timed", **order)
        for side in orders:
            side.answer()
        return orders

    def _order(self, side: Worker, plan: Plan, how: str, keep: bool) -> dict[str, Any]:
        # Where nothing is kept the judge's clock is at stake, and not the device's time.
        costs = keep and not self._room.large
        keep = keep and side is self._case.team.candidate
        return {
            "how": how,
            "contents": [self._content() for _ in range(plan.rounds)],
            "batch": plan.batch,
            "wait_ms": plan.wait_ms,
            "keep": keep,
            "filler": [] if self._room.large else timing.filler(),
            "reserve": self._room.reserve_bytes(plan, keep),
            "large": self._room.large,
            "compiled": self._compiled,
            "costs": how == "device" and costs,
        }

    def _go(self, side: Worker, plan: Plan, order: dict[str, Any]) -> _Slot:
        begun = self._clock.now_ms()
        side.ask("go", "being timed")
        reported = side.answer().fields
        wall_ms = self._clock.now_ms() - begun
        if order["how"] == "device":
            device_ms = [time * plan.batch for time in timing.numbers(reported, "device_ms")]
            check_total(self._implementation(side), device_ms, wall_ms)
        if side is self._case.team.candidate:
            self._count_launches(reported.get("launches"), plan)
        return _Slot(order["contents"], reported, wall_ms)

    def _count_launches(self, launches: Any, plan: Plan) -> None:
        wanted = self._launches * plan.rounds * plan.batch
        if not isinstance(launches, int) or launches < wanted:
            message = (
                f"{plan.rounds * plan.batch} timed calls launched {launches} Triton kernels, where {wanted} were to be "
                "expected from the calls before: what is timed must do the same work"
            )
            raise Fault("triton", "trust", "NoLaunch", message, verdict="rejected")

    def _content(self) -> Any:
        first = secrets.choice(self._held)
        if not self._mixing:
            return first
        return [first, secrets.choice([number for number in self._held if number != first]), new_seed()]

    def _rest(self, side: Worker) -> None:
        """Has a side give its slot's memory up, where the next slot needs it."""
        if self._room.large:
            side.ask("rest", "giving memory back")
            side.answer()

    def check(self) -> None:
        """Compares what was stashed with what the reference makes of the same inputs."""
        for index, content in self._stashed:
            self._check_timed(index, content)
        self._stashed = []

    def _stash(self, slot: _Slot, plan: Plan, times: list[float]) -> None:
        """Has an output of the slot's fastest round kept, chosen once the slot was over.

        A candidate gains by what it leaves out only in rounds that are fast.
        """
        fastest = 1 + times.index(min(times))
        call = fastest * plan.batch + secrets.randbelow(plan.batch)
        candidate = self._case.team.candidate
        candidate.ask("stash", "keeping a timed output", call=call)
        self._stashed.append((candidate.answer().fields["index"], slot.contents[fastest]))
        if self._room.large:
            self.check()

    def _check_timed(self, index: int, content: Any) -> None:
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

    def _hold_to_clock(self, side: Worker, plan: Plan, known: Round) -> None:
        """Raises :class:`Fault` where a side's rounds take another time than its events say, whenever they are timed.

        A host that stutters, and a driver that serves another process first, only add to a slot's time. So a
        contradiction counts only where it shows again, twice, while this harness does nothing else.
        """
        found = self._hidden_ms(side, plan, known)
        if found == 0:
            return
        for _ in range(_QUIET_REPEATS):
            left_s = self._case.deadline.left_s()
            with self._case.team.turns.quiet.held(_QUIET_LIMIT_S) as silent:
                # The wait is not the pair's own time.
                self._case.deadline.extend(left_s - self._case.deadline.left_s())
                if not silent:
                    raise _too_busy()
                self._clock.forget_idle(plan.wait_ms)
                again = self._hidden_ms(side, plan, known)
            if again == 0:
                return
            if (again > 0) != (found > 0):
                raise _too_busy()
            found = again
        raise contradiction(self._implementation(side), found, known)

    def _hidden_ms(self, side: Worker, plan: Plan, known: Round) -> float:
        """By how much a side's rounds contradict what is known of them, in the shortest of several slots; 0: not."""
        few = min(plan.rounds, _CLOCKED_ROUNDS)
        most = max(1, self._room.calls() // (2 * plan.batch))
        shortest: dict[int, tuple[float, float]] = {}
        hidden_ms = 0.0
        for attempt in range(_ATTEMPTS):
            more = min(few << min(attempt, 1), most)
            lengths = more + 1, 2 * more + 1
            for rounds in lengths:
                slot = self._slot(side, Plan(rounds, plan.batch, plan.wait_ms), keep=False)
                enqueue_ms = statistics.fmean(timing.numbers(slot.reported, "enqueue_ms"))
                shortest[rounds] = min((slot.wall_ms, enqueue_ms), shortest.get(rounds, (math.inf, 0.0)))
            self._rest(side)
            (short_ms, _), (long_ms, enqueue_ms) = (shortest[rounds] for rounds in lengths)
            # A host that is busier by now enqueues more slowly, and sets the pace.
            present = replace(known, enqueue_ms=max(known.enqueue_ms, enqueue_ms))
            hidden_ms = self._clock.hidden_ms((long_ms - short_ms) / more, present)
            if hidden_ms == 0:
                return 0.0
            self._clock.measure_idle(plan.wait_ms)
        return hidden_ms

    def _implementation(self, side: Worker) -> str:
        return "triton" if side is self._case.team.candidate else "pytorch"

    def _host_ms(self, side: Worker) -> float:
        slot = self._slot(side, Plan(timing.host_rounds(self._room), 1, 0.0), how="host", keep=False)
        self._rest(side)
        return round(statistics.median(timing.numbers(slot.reported, "host_ms")[1:]), 5)


def _too_busy() -> Fault:
    message = (
        "could not be timed: the machine was too busy for the judge's clock to hold the times to; verify the pair "
        "again with less beside it"
    )
    return harness_fault(message, "MachineBusy")


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
