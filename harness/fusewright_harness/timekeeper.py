"""How both sides are timed in turn: soon, for a first result, and then well, held to the judge's own clock."""

from __future__ import annotations

import math
import secrets
import statistics
from dataclasses import replace
from typing import Any

from fusewright_harness import timing
from fusewright_harness.case import Case, new_seed
from fusewright_harness.clock import Clock, Round, contradiction
from fusewright_harness.faults import Fault, harness_fault
from fusewright_harness.launch_cost import evened
from fusewright_harness.slots import Slots, implementation_of
from fusewright_harness.timed_outputs import TimedOutputs
from fusewright_harness.timing import Plan
from fusewright_harness.workers import Worker

_CLOCKED_ROUNDS = 3
_ATTEMPTS = 4
_QUIET_REPEATS = 2
_QUIET_LIMIT_S = 15.0
_LONE_SLOTS = 4
_REHEARSED = 32
_REHEARSED_BYTES = 1 << 30


class Timekeeper:
    """Times the two sides of one verdict."""

    def __init__(self, case: Case, clock: Clock, compiled: bool = False) -> None:
        self._case = case
        self._clock = clock
        self._slots = Slots(case, clock, compiled)
        self.outputs = TimedOutputs(case, self._slots)
        self._sides = (case.team.reference, case.team.candidate)
        self._plans: list[Plan] = []
        self._pair_ms = 0.0
        self._times: dict[Worker, list[list[float]]] = {side: [] for side in self._sides}
        self._windows: dict[Worker, list[float]] = {side: [] for side in self._sides}
        self._enqueue: dict[Worker, list[float]] = {side: [] for side in self._sides}

    def rehearse(self) -> None:
        """Has both sides fetch from the driver what their slots will take, where that is little."""
        if self._slots.room.large or _REHEARSED * self._slots.room.call_bytes > _REHEARSED_BYTES:
            return
        plan = Plan(_REHEARSED, 1, 0.0)
        for side in self._sides:
            order = {
                **self._slots.order(side, plan, "device", True),
                "contents": [self._slots.held[0]] * plan.rounds,
            }
            side.ask("prepare", "preparing to be timed", **order)
        for side in self._sides:
            side.answer()

    def first(self) -> timing.Timing:
        """The ratio with its interval from as few slots as bear a first result."""
        trials = self._trials()
        self._plans = timing.plans_from_trials(trials, self._slots.room, self._clock.overhead_ms)
        begun = self._clock.now_ms()
        self._take(timing.FIRST_SLOT_PAIRS)
        self._pair_ms = (self._clock.now_ms() - begun) / timing.FIRST_SLOT_PAIRS
        return self._by_events()

    def confirm(self) -> tuple[timing.Timing, dict[str, float]]:
        """The ratio from more slots, held to the judge's clock, and the calls' times as the host sees them.

        Follows :meth:`first`, whose slots count. Raises :class:`Fault` for times that contradict the judge's clock.
        """
        busy = self._busy(self._plans) if timing.told_by_kernels(self._events()) else None
        self._case.by_kernels = busy is not None and all(
            one.plausible(self._times[side], self._slots.launches if side is self._case.team.candidate else 1)
            for side, one in zip(self._sides, busy, strict=True)
        )
        if not self._case.by_kernels:
            self._take(timing.further_pairs(self._pair_ms))
        for side, plan, device_ms in zip(self._sides, self._plans, self._events(), strict=True):
            # The host's slowest rounds set the pace of a slot as much as the others.
            enqueue_ms = statistics.quantiles(self._enqueue[side], n=10)[-1]
            self._hold_to_clock(side, plan, Round(plan.batch, device_ms, plan.wait_ms, enqueue_ms))
        host = {
            name: self._host_ms(side) for name, side in zip(("python", "triton"), self._sides, strict=True)
        }
        if busy is not None and self._case.by_kernels:
            return timing.evaluate(*(one.slots for one in busy), new_seed(), by_kernels=True), host
        return self._by_events(), host

    def _take(self, pairs: int) -> None:
        """Slots of both sides in turn, so many of each. Outputs of two of the candidate's slots are to be checked."""
        checked = {secrets.randbelow(pairs // 2), secrets.randbelow(pairs)}
        for number in range(pairs):
            prepared = {} if self._slots.room.large else self._slots.prepare(self._plans)
            for side in self._sides if number % 2 == 0 else reversed(self._sides):
                plan = self._plans[self._sides.index(side)]
                slot = (
                    self._slots.go(side, plan, prepared[side]) if prepared else self._slots.take(side, plan)
                )
                times = timing.device_times(slot.reported, plan.batch, self._clock.overhead_ms)[1:]
                self._times[side].append(times)
                self._windows[side] += timing.launch_times(slot.reported)
                self._enqueue[side] += timing.numbers(slot.reported, "enqueue_ms")
                if side is self._case.team.candidate and number in checked:
                    self.outputs.stash(slot, plan, times)
                self._slots.rest(side)

    def _events(self) -> list[float]:
        """What a call of each side takes in milliseconds, as the events of the slots so far say."""
        return [
            statistics.median(time for times in self._times[side] for time in times) for side in self._sides
        ]

    def _by_events(self) -> timing.Timing:
        return timing.evaluate(*self._evened(self._times, self._windows), new_seed())

    def reference_ms(self) -> float:
        """The reference's time by itself, in fewer slots: its neighbour's drift is not at stake."""
        side = self._sides[0]
        trial = self._slots.take(side, timing.trial_plan(self._slots.room))
        plan = timing.plans_from_trials([trial.reported], self._slots.room, self._clock.overhead_ms)[0]
        if self._case.by_kernels and (busy := self._busy([plan])) is not None:
            # As the candidate was.
            return statistics.median(time for times in busy[0].slots for time in times)
        times: list[float] = []
        windows: list[float] = []
        for _ in range(_LONE_SLOTS):
            slot = self._slots.take(side, plan)
            times += timing.device_times(slot.reported, plan.batch, self._clock.overhead_ms)[1:]
            windows += timing.launch_times(slot.reported)
            self._slots.rest(side)
        excess_ms = self._clock.costs.excess_ms(self._clock.costs.learn(windows))
        # What is compiled makes few launches, most often one.
        return statistics.median(evened(times, 1, excess_ms))

    def _busy(self, plans: list[Plan]) -> list[timing.Busy] | None:
        """What the kernels take by CUPTI, of each side that has a plan; None where that cannot be known.

        Of short calls it differs far less between processes than what lies between two events, where each launch is
        in it with a time that every process has of its own.
        """
        plans = [timing.busy_plan(plan, self._slots.room) for plan in plans]
        sides = self._sides[: len(plans)]
        slots: dict[Worker, list[list[float]]] = {side: [] for side in sides}
        records: dict[Worker, list[float]] = {side: [] for side in sides}
        # Whoever counts its calls knows which these are, so outputs of theirs are checked as well.
        checked = {secrets.randbelow(timing.BUSY_SLOT_PAIRS // 2), secrets.randbelow(timing.BUSY_SLOT_PAIRS)}
        for number in range(timing.BUSY_SLOT_PAIRS):
            for side in sides if number % 2 == 0 else reversed(sides):
                plan = plans[sides.index(side)]
                slot = self._slots.take(side, plan, how="kernels")
                if "problem" in slot.reported:
                    return None
                times = timing.numbers(slot.reported, "busy_ms")[1:]
                slots[side].append(times)
                records[side] += timing.numbers(slot.reported, "records")
                if side is self._case.team.candidate and number in checked:
                    self.outputs.stash(slot, plan, times)
                self._slots.rest(side)
        return [timing.Busy(slots[side], statistics.median(records[side])) for side in sides]

    def _evened(
        self, slots: dict[Worker, list[list[float]]], windows: dict[Worker, list[float]]
    ) -> list[list[list[float]]]:
        """Both sides' times as they would be in processes whose launches take what is typical."""
        costs = [self._clock.costs.learn(windows[side]) for side in self._sides]
        launches = (
            int(self._case.reference_work.get("count", 1)),
            self._slots.launches + int(self._case.candidate_work.get("count", 0)),
        )
        return [
            [evened(times, count, self._clock.costs.excess_ms(cost)) for times in slots[side]]
            for side, count, cost in zip(self._sides, launches, costs, strict=True)
        ]

    def _trials(self) -> list[dict[str, Any]]:
        reference, candidate = self._sides
        plan = timing.trial_plan(self._slots.room)
        try:
            first = self._slots.take(reference, plan)
        except Fault as fault:
            if fault.stage != "timing" or not self._slots.mixing:
                raise
            # A reference may ask more of its inputs than a mixture gives; then they are taken as they were drawn.
            self._slots.mixing = False
            first = self._slots.take(reference, plan)
        self._slots.rest(reference)
        second = self._slots.take(candidate, plan)
        self._slots.rest(candidate)
        return [first.reported, second.reported]

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
        raise contradiction(implementation_of(self._case, side), found, known)

    def _hidden_ms(self, side: Worker, plan: Plan, known: Round) -> float:
        """By how much a side's rounds contradict what is known of them, in the shortest of several slots; 0: not."""
        few = min(plan.rounds, _CLOCKED_ROUNDS)
        most = max(1, self._slots.room.calls() // (2 * plan.batch))
        shortest: dict[int, tuple[float, float]] = {}
        hidden_ms = 0.0
        for attempt in range(_ATTEMPTS):
            more = min(few << min(attempt, 1), most)
            lengths = more + 1, 2 * more + 1
            for rounds in lengths:
                slot = self._slots.take(side, Plan(rounds, plan.batch, plan.wait_ms), keep=False)
                enqueue_ms = statistics.fmean(timing.numbers(slot.reported, "enqueue_ms"))
                shortest[rounds] = min((slot.wall_ms, enqueue_ms), shortest.get(rounds, (math.inf, 0.0)))
            self._slots.rest(side)
            (short_ms, _), (long_ms, enqueue_ms) = (shortest[rounds] for rounds in lengths)
            # A host that is busier by now enqueues more slowly, and sets the pace.
            present = replace(known, enqueue_ms=max(known.enqueue_ms, enqueue_ms))
            hidden_ms = self._clock.hidden_ms((long_ms - short_ms) / more, present)
            if hidden_ms == 0:
                return 0.0
            self._clock.measure_idle(plan.wait_ms)
        return hidden_ms

    def _host_ms(self, side: Worker) -> float:
        slot = self._slots.take(
            side, Plan(timing.host_rounds(self._slots.room), 1, 0.0), how="host", keep=False
        )
        self._slots.rest(side)
        return round(statistics.median(timing.numbers(slot.reported, "host_ms")[1:]), 5)


def _too_busy() -> Fault:
    message = (
        "could not be timed: the machine was too busy for the judge's clock to hold the times to; verify the pair "
        "again with less beside it"
    )
    return harness_fault(message, "MachineBusy")
