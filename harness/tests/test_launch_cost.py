"""What launches take in different processes, and that verdicts differ by it no longer, on a simulated GPU."""

from __future__ import annotations

import random

import pytest
import torch
from simulated_gpu import (
    LAUNCH_MS,
    TOUCH_MS,
    SimulatedActivities,
    SimulatedGpu,
    SimulatedWorker,
    whole_timing,
)

from fusewright_harness import stopwatch
from fusewright_harness.case import Case, Options, Team
from fusewright_harness.clock import Clock
from fusewright_harness.compare import Expected
from fusewright_harness.deadline import Deadline
from fusewright_harness.launch_cost import LaunchCosts, evened
from fusewright_harness.timed_outputs import TimedOutputs
from fusewright_harness.timekeeper import Timekeeper
from fusewright_harness.timing import (
    Busy,
    Plan,
    Room,
    Timing,
    busy_plan,
    further_pairs,
    launch_times,
    plans_from_trials,
    told_by_kernels,
)
from fusewright_harness.verdict import Verdict

SPREAD_MS = 0.0002
"""How far launches' times lie apart in the simulated processes: as far as they were found to on an H200."""


class Bench:
    """Verdicts on one pair of short calls, each in processes of its own: four launches against one."""

    def __init__(self, seed: int = 1) -> None:
        self.draw = random.Random(seed)
        self.gpu = SimulatedGpu()
        self.clock = Clock(self.gpu.handles())

    def process(self) -> float:
        return LAUNCH_MS + self.draw.uniform(-SPREAD_MS / 2, SPREAD_MS / 2)

    def verdict(self, worker=SimulatedWorker, other=SimulatedWorker) -> Timing:
        gpu = self.gpu

        def reference(_):
            for _ in range(4):
                gpu.work(0.002, host_ms=0.001)

        candidate = worker(gpu, lambda _: gpu.work(0.004), 1, self.process())
        team = Team(other(gpu, reference, None, self.process()), candidate, None)
        case = Case({}, Options.of({}), team, Verdict({}, {}), lambda *_: None, Deadline(60))
        case.expected, case.launches = [Expected(None, None, [])] * 3, [1, 1, 1]
        case.reference_work = {"count": 4}
        return whole_timing(Timekeeper(case, self.clock))[0]


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (1 << 34, 1 << 34))
    # Outputs are not what is tested here.
    monkeypatch.setattr(TimedOutputs, "stash", lambda *_: None)
    return Bench()


class Profiling(SimulatedWorker):
    """A worker with CUPTI, which says of its kernels what they took, or a share of it."""

    share = 1.0

    def __init__(self, *given):
        super().__init__(*given)
        self.stopwatch.activities = SimulatedActivities(self.gpu, self.share)


def spread(bench: Bench, verdicts: int = 10) -> float:
    speedups = [bench.verdict().speedup for _ in range(verdicts)]
    return max(speedups) / min(speedups) - 1


def test_verdicts_in_other_processes_differ_by_less_than_half_as_much(bench, monkeypatch):
    evened_out = spread(bench)
    monkeypatch.setattr(stopwatch.Stopwatch, "launch_ms", lambda _: [])
    raw = spread(Bench())
    assert raw > 0.03
    assert evened_out < 0.5 * raw


def test_the_launches_own_time_stays_in(bench):
    timing = bench.verdict()
    assert timing.python_ms == pytest.approx(4 * (0.002 + LAUNCH_MS), rel=0.05)
    assert timing.triton_ms == pytest.approx(0.004 + LAUNCH_MS, rel=0.05)


def test_a_process_tells_what_its_launches_take(bench):
    assert Clock(bench.gpu.handles()).costs.typical_ms() == pytest.approx(LAUNCH_MS + TOUCH_MS, abs=3e-4)


class Forging(SimulatedWorker):
    """A candidate whose process reports that launches take long in it."""

    claimed_ms = 0.0

    def answer(self):
        answer = super().answer()
        if "launch_ms" in answer.fields:
            answer.fields["launch_ms"] = [ms + self.claimed_ms for ms in answer.fields["launch_ms"]]
        return answer


@pytest.mark.parametrize("claimed_ms", [0.0002, 0.001, 1.0, float("nan"), -1.0])
def test_a_candidate_gains_next_to_nothing_by_lying_about_it(bench, monkeypatch, claimed_ms):
    honest = bench.verdict()
    monkeypatch.setattr(Forging, "claimed_ms", claimed_ms)
    assert bench.verdict(Forging).triton_ms > honest.triton_ms - 0.0005


def test_what_cannot_be_is_not_believed():
    costs = LaunchCosts()
    assert costs.excess_ms(costs.learn([0.0025])) == 0.0
    for cost in (0.0024, 0.0025, 0.0026):
        costs.learn([cost] * 6)
    assert costs.excess_ms(0.0026) == pytest.approx(0.0001)
    assert costs.excess_ms(0.0024) == pytest.approx(-0.0001)
    assert costs.excess_ms(0.004) == 0.0
    assert costs.excess_ms(None) == 0.0
    assert launch_times({"launch_ms": [0.002, "long", None, float("inf"), -1]}) == [0.002]
    assert launch_times({}) == launch_times({"launch_ms": 3}) == []


def test_a_tenth_is_the_most_that_is_taken_off():
    assert evened([0.005, 0.010], 1, 0.0001) == pytest.approx([0.00493, 0.00993])
    assert evened([0.005], 1000, 0.0001) == pytest.approx([0.0045])
    assert evened([0.005], 1000, -0.0001) == pytest.approx([0.0055])


def test_what_kernels_take_is_the_same_in_all_processes(bench, monkeypatch):
    monkeypatch.setattr(stopwatch.Stopwatch, "launch_ms", lambda _: [])
    timings = [bench.verdict(Profiling, Profiling) for _ in range(10)]
    assert {round(timing.triton_ms, 6) for timing in timings} == {0.004}
    assert {round(timing.python_ms, 6) for timing in timings} == {0.008}


@pytest.mark.parametrize("share", [0.1, 0.5, 1.7, 3.0])
def test_kernels_that_cannot_have_taken_that_are_not_believed(bench, monkeypatch, share):
    monkeypatch.setattr(Profiling, "share", share)
    timing = bench.verdict(Profiling, Profiling)
    assert timing.triton_ms == pytest.approx(0.004 + LAUNCH_MS, rel=0.05)


def test_what_lies_between_kernels_is_a_launch_for_each_and_no_more():
    def busy(ms, records):
        return Busy([[ms / 1e3] * 3] * 4, records)

    events = [[0.0065] * 3] * 4
    assert busy(4.9, 1).plausible(events, launches=1)
    assert busy(6.6, 1).plausible(events, launches=1)
    assert not busy(3.4, 1).plausible(events, launches=1)
    assert busy(3.4, 2).plausible(events, launches=1)
    assert not busy(7.5, 1).plausible(events, launches=1)
    assert not busy(4.9, 1).plausible(events, launches=2)
    # The two clocks differ by more where a kernel is longer.
    assert busy(29.8, 1).plausible([[0.0291] * 3] * 4, launches=1)
    assert not busy(31.0, 1).plausible([[0.0291] * 3] * 4, launches=1)


@pytest.mark.parametrize("spread_ms", [0.0, 0.0004])
def test_rounds_have_as_many_calls_in_all_verdicts(spread_ms):
    # What a trial takes differs from verdict to verdict, and the first call of a round takes longer than the others.
    room = Room(1 << 20, 1 << 34)
    trial = {"device_ms": [0.009 + spread_ms] * 3, "enqueue_ms": [0.02] * 3}
    (plan, _) = plans_from_trials([trial, trial], room, 0.0)
    assert (plan.rounds, plan.batch) == (5, 8)
    assert busy_plan(plan, room) == Plan(6, 4, pytest.approx(plan.wait_ms / 2))


def test_kernels_of_large_calls_are_timed_in_what_room_there_is():
    room = Room(200 << 20, 4 << 30)
    assert room.calls() == 2
    assert busy_plan(Plan(2, 1, 0.5), room) == Plan(3, 1, 0.5)
    assert busy_plan(Plan(5, 1, 2.0), Room(20 << 20, 1 << 34)) == Plan(6, 4, 5.0)


def test_slow_pairs_are_measured_in_fewer_slots():
    assert [further_pairs(ms) for ms in (0.0, 20.0, 100.0, 5000.0)] == [8, 8, 6, 4]


def test_kernels_tell_of_calls_that_events_tell_too_roughly():
    assert told_by_kernels([0.100, 0.029])
    assert not told_by_kernels([0.100, 0.060])


def test_outputs_of_what_is_counted_are_checked(bench, monkeypatch):
    kept = []
    monkeypatch.setattr(
        TimedOutputs,
        "stash",
        lambda _self, slot, _plan, _times: kept.append("busy_ms" in slot.reported),
    )
    bench.verdict(Profiling, Profiling)
    assert kept.count(True) >= 1
    assert kept.count(False) >= 1


def test_both_sides_are_measured_alike(bench):
    timing = bench.verdict(Profiling)
    assert timing.triton_ms == pytest.approx(0.004 + LAUNCH_MS, rel=0.05)
    assert timing.python_ms == pytest.approx(4 * (0.002 + LAUNCH_MS), rel=0.05)


def test_a_round_that_cupti_watched_keeps_its_outputs():
    gpu = SimulatedGpu()
    watch = stopwatch.Stopwatch(gpu.handles(), activities=SimulatedActivities(gpu))
    order = {"how": "kernels", "contents": [0, 1, 2], "batch": 2, "wait_ms": 0.1, "keep": True, "filler": []}
    watch.prepare(
        [((torch.full((2,), float(number)),), {}) for number in range(3)],
        {**order, "reserve": 0, "large": False, "costs": False},
    )

    def call(x):
        gpu.work(0.004)
        return x * 10

    reported = watch.go(call)
    assert reported["busy_ms"] == pytest.approx([0.004] * 3)
    assert reported["records"] == [1.0] * 3
    indices = [watch.stash(call)["index"] for call in (3, 5)]
    assert [watch.stashed_output(index).tolist() for index in indices] == [[10.0, 10.0], [20.0, 20.0]]
