"""The slots of one verdict: a few rounds of one side's calls each, asked for by the judge and held to its clock."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import torch

from fusewright_harness import timing
from fusewright_harness.case import Case, new_seed
from fusewright_harness.clock import Clock, check_total
from fusewright_harness.faults import Fault
from fusewright_harness.timing import Plan, Room
from fusewright_harness.workers import Worker


@dataclass(frozen=True)
class Slot:
    """One slot as it went: what its calls were given, what its worker reported, what the judge's clock saw."""

    contents: list[Any]
    reported: dict[str, Any]
    wall_ms: float


class Slots:
    """Has the two sides of a case timed, slot by slot. ``compiled`` means torch.compile's reference."""

    def __init__(self, case: Case, clock: Clock, compiled: bool) -> None:
        self.room = Room(case.call_bytes, torch.cuda.mem_get_info()[0])
        self.held = list(range(case.oldest, len(case.expected)))
        """The numbers of the inputs that both sides hold."""
        # Large inputs are held once, so there is nothing to mix.
        self.mixing = len(self.held) > 1
        self.launches = min(case.launches[1:], default=1)
        """How many kernels a call of the candidate launches at the least."""
        self._case = case
        self._clock = clock
        self._compiled = compiled

    def take(self, side: Worker, plan: Plan, how: str = "device", keep: bool = True) -> Slot:
        """One slot of one side, for whatever is not compared between the sides."""
        order = self.order(side, plan, how, keep)
        side.ask("prepare", "preparing to be timed", **order)
        side.answer()
        return self.go(side, plan, order)

    def prepare(self, plans: list[Plan]) -> dict[Worker, dict[str, Any]]:
        """Has both sides prepare their slots at once: it is the host's work mostly."""
        sides = (self._case.team.reference, self._case.team.candidate)
        orders = {
            side: self.order(side, plan, "device", True) for side, plan in zip(sides, plans, strict=True)
        }
        for side, order in orders.items():
            side.ask("prepare", "preparing to be timed", **order)
        for side in orders:
            side.answer()
        return orders

    def order(self, side: Worker, plan: Plan, how: str, keep: bool) -> dict[str, Any]:
        """What a side is asked to prepare. ``how`` is what times it: "device", "kernels" (CUPTI) or "host"."""
        # Where nothing is kept the judge's clock is at stake, and not the device's time.
        costs = keep and not self.room.large
        keep = keep and side is self._case.team.candidate
        return {
            "how": how,
            "contents": [self._content() for _ in range(plan.rounds)],
            "batch": plan.batch,
            "wait_ms": plan.wait_ms,
            "keep": keep,
            "filler": [] if self.room.large else timing.filler(),
            "reserve": self.room.reserve_bytes(plan, keep),
            "large": self.room.large,
            "compiled": self._compiled,
            "costs": how == "device" and costs,
        }

    def go(self, side: Worker, plan: Plan, order: dict[str, Any]) -> Slot:
        """The slot that a side has prepared. Raises :class:`Fault` for times that the judge's clock contradicts."""
        begun = self._clock.now_ms()
        side.ask("go", "being timed")
        reported = side.answer().fields
        wall_ms = self._clock.now_ms() - begun
        if order["how"] == "device":
            device_ms = [time * plan.batch for time in timing.numbers(reported, "device_ms")]
            check_total(implementation_of(self._case, side), device_ms, wall_ms)
        if side is self._case.team.candidate:
            self._count_launches(reported.get("launches"), plan)
        return Slot(order["contents"], reported, wall_ms)

    def rest(self, side: Worker) -> None:
        """Has a side give its slot's memory up, where the next slot needs it."""
        if self.room.large:
            side.ask("rest", "giving memory back")
            side.answer()

    def _count_launches(self, launches: Any, plan: Plan) -> None:
        wanted = self.launches * plan.rounds * plan.batch
        if not isinstance(launches, int) or launches < wanted:
            message = (
                f"{plan.rounds * plan.batch} timed calls launched {launches} Triton kernels, where {wanted} were to be "
                "expected from the calls before: what is timed must do the same work"
            )
            raise Fault("triton", "trust", "NoLaunch", message, verdict="rejected")

    def _content(self) -> Any:
        first = secrets.choice(self.held)
        if not self.mixing:
            return first
        return [first, secrets.choice([number for number in self.held if number != first]), new_seed()]


def implementation_of(case: Case, side: Worker) -> str:
    """What faults call a side: "triton" or "pytorch"."""
    return "triton" if side is case.team.candidate else "pytorch"
