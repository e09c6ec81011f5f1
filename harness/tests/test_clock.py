"""The judge's clock against what workers report, on a simulated GPU."""

from __future__ import annotations

import pytest
import torch
from simulated_gpu import EVENT_MS, FLUSH_MS, LAUNCH_MS, SimulatedGpu, SimulatedWorker, whole_timing

from fusewright_harness import timed, timekeeper
from fusewright_harness.case import Case, Options, Team
from fusewright_harness.clock import Clock, check_total
from fusewright_harness.compare import Expected
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Fault
from fusewright_harness.slots import Slots
from fusewright_harness.stopwatch import Stopwatch
from fusewright_harness.timed_outputs import TimedOutputs
from fusewright_harness.timekeeper import Timekeeper
from fusewright_harness.verdict import Verdict


@pytest.fixture
def gpu():
    return SimulatedGpu()


@pytest.fixture
def measure(gpu, monkeypatch):
    """Times two functions of the simulated GPU against each other."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (1 << 34, 1 << 34))
    # Outputs are not what is tested here.
    monkeypatch.setattr(TimedOutputs, "stash", lambda *_: None)

    def measured(reference, candidate, launches=1):
        team = Team(SimulatedWorker(gpu, reference), SimulatedWorker(gpu, candidate, launches), None)
        case = Case({}, Options.of({}), team, Verdict({}, {}), lambda *_: None, Deadline(60))
        case.expected = [Expected(None, None, [])] * 3
        case.launches = [9, 1, 1]
        return whole_timing(Timekeeper(case, Clock(gpu.handles())))

    return measured


def test_what_events_take_themselves_is_known(gpu):
    assert Clock(gpu.handles()).overhead_ms == pytest.approx(EVENT_MS + LAUNCH_MS, abs=1e-6)


def test_an_idle_round_is_flush_and_wait(gpu):
    clock = Clock(gpu.handles())
    assert clock.idle_round_ms(0.2) == pytest.approx(FLUSH_MS + 0.2 + 2 * (EVENT_MS + LAUNCH_MS), abs=2e-3)


@pytest.mark.parametrize("times", [(0.3, 0.1), (5.0, 2.0), (0.008, 0.004), (0.1, 0.1), (0.004, 40.0)])
def test_honest_sides_are_timed_as_long_as_they_take(gpu, measure, times):
    timing, host = measure(lambda _: gpu.work(times[0]), lambda _: gpu.work(times[1]))
    assert timing.python_ms == pytest.approx(times[0], abs=LAUNCH_MS)
    assert timing.triton_ms == pytest.approx(times[1], abs=LAUNCH_MS)
    assert host["triton"] > timing.triton_ms


def test_a_host_that_is_slow_is_no_contradiction(gpu, measure):
    def slow(_):
        for _ in range(40):
            gpu.work(0.001, host_ms=0.3)

    timing, _host = measure(slow, lambda _: gpu.work(0.1, host_ms=0.2))
    assert timing.triton_ms == pytest.approx(0.1, abs=LAUNCH_MS)


@pytest.mark.parametrize("hidden", [0.6, 2.0, 20.0])
def test_work_on_another_stream_is_seen(gpu, measure, hidden):
    def sideways(_):
        gpu.work(0.001)
        gpu.work(hidden, stream="side")

    with pytest.raises(Fault, match="in the stream") as caught:
        measure(lambda _: gpu.work(hidden), sideways)
    assert (caught.value.kind, caught.value.implementation) == ("WorkOutsideTheStream", "triton")


def test_a_candidate_that_reports_less_than_it_takes_is_seen(gpu, measure, monkeypatch):
    original = SimulatedWorker.answer

    def forging(worker):
        answer = original(worker)
        if worker.launches is not None and "device_ms" in answer.fields:
            answer.fields["device_ms"] = [ms / 3 for ms in answer.fields["device_ms"]]
        return answer

    monkeypatch.setattr(SimulatedWorker, "answer", forging)
    with pytest.raises(Fault) as caught:
        measure(lambda _: gpu.work(1.0), lambda _: gpu.work(1.0))
    assert (caught.value.kind, caught.value.verdict) == ("WorkOutsideTheStream", "rejected")


def test_a_reference_that_reports_more_than_it_takes_is_seen(gpu, measure, monkeypatch):
    original = SimulatedWorker.answer

    def forging(worker):
        answer = original(worker)
        if worker.launches is None and "device_ms" in answer.fields:
            answer.fields["device_ms"] = [1.6 * ms for ms in answer.fields["device_ms"]]
        return answer

    monkeypatch.setattr(SimulatedWorker, "answer", forging)
    with pytest.raises(Fault) as caught:
        measure(lambda _: gpu.work(2.0), lambda _: gpu.work(0.2))
    assert (caught.value.kind, caught.value.implementation) == ("ClockContradiction", "pytorch")


def test_timed_calls_that_launch_less_are_refused(gpu, measure):
    with pytest.raises(Fault, match="must do the same work") as caught:
        measure(lambda _: gpu.work(0.2), lambda _: gpu.work(0.1), launches=0)
    assert caught.value.kind == "NoLaunch"


def test_events_that_add_up_to_more_than_the_clock_are_refused():
    check_total("triton", [1.0, 1.0], wall_ms=2.5)
    with pytest.raises(Fault, match="judge's clock"):
        check_total("triton", [1.0, 1.0], wall_ms=1.5)


def test_a_stashed_output_outlives_its_slot(gpu):
    stopwatch = Stopwatch(gpu.handles())
    inputs = [((torch.full((2,), float(number)),), {}) for number in range(3)]
    order = {
        "contents": [0, 1, 2],
        "batch": 2,
        "wait_ms": 0.1,
        "keep": True,
        "filler": [],
        "reserve": 0,
        "how": "device",
        "costs": False,
    }
    stopwatch.prepare(inputs, order)
    stopwatch.go(lambda x: x * 10)
    indices = [stopwatch.stash(call)["index"] for call in (3, 5)]
    stopwatch.prepare(inputs, order)
    stopwatch.go(lambda x: x * 0)
    assert [stopwatch.stashed_output(index).tolist() for index in indices] == [[10.0, 10.0], [20.0, 20.0]]


class Stashing(SimulatedWorker):
    """A candidate that stashes and hands over, noting when."""

    def __init__(self, gpu, function, notes):
        super().__init__(gpu, function, launches=1)
        self.notes = notes

    def ask(self, verb, doing, **order):
        if verb in ("prepare", "go"):
            super().ask(verb, doing, **order)
            return
        self.notes.append(verb)
        self.reply = {"index": self.notes.count("stash") - 1}


def test_outputs_are_handed_over_when_the_timing_is_over(gpu, monkeypatch):
    notes = []
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (1 << 34, 1 << 34))
    candidate = Stashing(gpu, lambda _: gpu.work(0.1), notes)
    team = Team(SimulatedWorker(gpu, lambda _: gpu.work(0.2)), candidate, None)
    case = Case({}, Options.of({}), team, Verdict({}, {}), lambda *_: None, Deadline(60))
    case.expected, case.launches = [Expected(None, None, [])] * 3, [1, 1, 1]
    keeper = Timekeeper(case, Clock(gpu.handles()))
    checked = []
    monkeypatch.setattr(
        TimedOutputs, "_check_one", lambda _self, index, content: checked.append((index, content))
    )
    keeper.rehearse()
    whole_timing(keeper)
    assert set(notes) == {"stash"}
    assert checked == []
    keeper.outputs.check()
    assert [index for index, _content in checked] == list(range(len(notes)))
    assert all(len(content) == 3 for _index, content in checked)
    keeper.outputs.check()
    assert len(checked) == len(notes)


def test_only_what_is_timed_has_the_device_to_itself(gpu, monkeypatch):
    notes, alone = [], []
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (1 << 34, 1 << 34))
    clock = Clock(gpu.handles())
    monkeypatch.setattr(timed, "judges_clock", lambda: clock)
    monkeypatch.setattr(timed, "present_card", lambda: None)
    candidate = Stashing(gpu, lambda _: gpu.work(0.1), notes)
    reference = Stashing(gpu, lambda _: gpu.work(0.4), notes)
    reference.launches = None
    team = Team(reference, candidate, None)
    case = Case({}, Options.of({}), team, Verdict({}, {}), lambda *_: None, Deadline(60))
    case.expected, case.launches = [Expected(None, None, [])] * 3, [1, 1, 1]

    def noted(method):
        def call(keeper, *given):
            alone.append((method.__name__, team.turns._alone))
            return method(keeper, *given)

        return call

    monkeypatch.setattr(Timekeeper, "rehearse", noted(Timekeeper.rehearse))
    monkeypatch.setattr(Slots, "go", noted(Slots.go))
    monkeypatch.setattr(TimedOutputs, "_check_one", lambda *_: alone.append(("check", team.turns._alone)))
    with case.turn():
        prepared = timed.prepare_to_time(case)
    firsts = []
    timed.time_both(case, prepared, lambda: firsts.append((len(alone), case.verdict.line())))
    assert set(alone) == {("rehearse", False), ("go", True), ("check", False)}
    line = case.verdict.line()
    assert (line["verdict"], line["speedup"]) == ("pass", pytest.approx(4, rel=0.05))
    assert notes[0] == "census"
    assert set(notes) == {"census", "stash"}
    assert {"timing", "turn"} < set(line["duration_ms"])
    # The first result comes from fewer slots, before any output is compared; what follows measures on.
    ((seen, first),) = firsts
    assert 0 < 2 * seen < len(alone)
    assert (first["verdict"], first["speedup"]) == ("pass", pytest.approx(4, rel=0.05))
    assert first["host_ms"] is None
    assert line["host_ms"]["triton"] > line["triton_ms"]


def test_the_first_result_is_out_before_the_clock_contradicts(gpu, monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (1 << 34, 1 << 34))
    clock, firsts = Clock(gpu.handles()), []
    monkeypatch.setattr(timed, "present_card", lambda: None)

    def sideways(_):
        gpu.work(0.001)
        gpu.work(2.0, stream="side")

    team = Team(SimulatedWorker(gpu, lambda _: gpu.work(2.0)), Stashing(gpu, sideways, []), None)
    case = Case({}, Options.of({}), team, Verdict({}, {}), lambda *_: None, Deadline(60))
    case.expected, case.launches = [Expected(None, None, [])] * 3, [1, 1, 1]
    monkeypatch.setattr(case, "function_line", lambda _implementation: 7)
    with pytest.raises(Fault) as caught:
        timed.time_both(case, timed.Prepared(None, Timekeeper(case, clock)), lambda: firsts.append(1))
    assert (firsts, caught.value.kind, caught.value.line) == ([1], "WorkOutsideTheStream", 7)


class Stuttering(SimulatedWorker):
    """A worker whose host, or whose driver, now and then serves somebody else first."""

    def ask(self, verb, doing, **order):
        if verb == "go":
            self.slots = getattr(self, "slots", 0) + 1
            if self.slots % 3 == 0:
                self.gpu.now += 40.0
        super().ask(verb, doing, **order)


@pytest.mark.parametrize("stuck", [0, 1, 2])
def test_a_host_that_stutters_is_no_contradiction(gpu, monkeypatch, stuck):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (1 << 34, 1 << 34))
    monkeypatch.setattr(TimedOutputs, "stash", lambda *_: None)
    clock, empty, times = Clock(gpu.handles()), Clock._empty_slot_ms, iter(range(100))

    def stuttering(self, rounds, wait_ms):
        return empty(self, rounds, wait_ms) + (30.0 if next(times) == stuck else 0.0)

    monkeypatch.setattr(Clock, "_empty_slot_ms", stuttering)
    team = Team(
        Stuttering(gpu, lambda _: gpu.work(0.02)), Stuttering(gpu, lambda _: gpu.work(0.005), 1), None
    )
    case = Case({}, Options.of({}), team, Verdict({}, {}), lambda *_: None, Deadline(60))
    case.expected, case.launches = [Expected(None, None, [])] * 3, [1, 1, 1]
    measured, _host = whole_timing(Timekeeper(case, clock))
    assert measured.python_ms == pytest.approx(0.02, abs=LAUNCH_MS)


class Neighbour(SimulatedWorker):
    """A worker whose slots take longer by every round as long as ``noisy`` says so."""

    def __init__(self, gpu, function, noisy, launches=None):
        super().__init__(gpu, function, launches)
        self.noisy = noisy

    def ask(self, verb, doing, **order):
        super().ask(verb, doing, **order)
        if verb == "go" and self.noisy():
            self.gpu.now += 3.0 * len(order) + 3.0 * self.calls


@pytest.mark.parametrize(
    ("quiet_helps", "outcome"), [(True, None), (False, ("WorkOutsideTheStream", "rejected"))]
)
def test_only_what_shows_in_quiet_too_is_a_contradiction(gpu, monkeypatch, quiet_helps, outcome):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (1 << 34, 1 << 34))
    monkeypatch.setattr(TimedOutputs, "stash", lambda *_: None)
    team = Team(None, SimulatedWorker(gpu, lambda _: gpu.work(0.1), 1), None)
    quiet = team.turns.quiet
    team.reference = Neighbour(gpu, lambda _: gpu.work(0.2), lambda: not (quiet_helps and quiet._held))
    case = Case({}, Options.of({}), team, Verdict({}, {}), lambda *_: None, Deadline(60))
    case.expected, case.launches = [Expected(None, None, [])] * 3, [1, 1, 1]
    keeper = Timekeeper(case, Clock(gpu.handles()))
    if outcome is None:
        assert whole_timing(keeper)[0].python_ms == pytest.approx(0.2, abs=LAUNCH_MS)
    else:
        with pytest.raises(Fault) as caught:
            whole_timing(keeper)
        assert (caught.value.kind, caught.value.verdict) == outcome
    assert not quiet._held


def test_where_there_is_no_quiet_nobody_is_blamed(gpu, monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (1 << 34, 1 << 34))
    monkeypatch.setattr(TimedOutputs, "stash", lambda *_: None)
    monkeypatch.setattr(timekeeper, "_QUIET_LIMIT_S", 0.05)
    team = Team(None, SimulatedWorker(gpu, lambda _: gpu.work(0.1), 1), None)
    team.reference = Neighbour(gpu, lambda _: gpu.work(0.2), lambda: True)
    case = Case({}, Options.of({}), team, Verdict({}, {}), lambda *_: None, Deadline(60))
    case.expected, case.launches = [Expected(None, None, [])] * 3, [1, 1, 1]
    with team.turns.quiet.noise(), pytest.raises(Fault, match="too busy") as caught:
        whole_timing(Timekeeper(case, Clock(gpu.handles())))
    assert (caught.value.kind, caught.value.verdict) == ("MachineBusy", None)
    with team.turns.quiet.held(0.05) as silent:
        assert silent
