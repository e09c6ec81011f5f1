"""The judge's comparison with torch.compile, on a simulated GPU."""

from __future__ import annotations

import pytest
import torch
from simulated_gpu import LAUNCH_MS, SimulatedGpu, SimulatedWorker

from fusewright_harness import timed
from fusewright_harness.case import Case, Options, Team
from fusewright_harness.clock import Clock
from fusewright_harness.compare import Expected
from fusewright_harness.compiled_reference import Compiled, CompiledTimes, compare_with_compiled
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Cancelled, Fault
from fusewright_harness.verdict import Verdict
from fusewright_harness.workers import Answer

BLOCK = {"code": "def wrapper(x): ...\ndef reference(x): ...\n", "first_line": 7}


class Compiling(SimulatedWorker):
    """A reference whose compiled form takes ``compiled_ms``, or whose compilation ends in ``outcome``."""

    def __init__(self, gpu, compiled_ms=0.2, outcome=None):
        super().__init__(gpu, lambda _: gpu.work(1.0))
        self.compiled = lambda _: gpu.work(compiled_ms)
        self.plain = self.function
        self.outcome = outcome or {}
        self.compilations = 0

    def hurry(self, deadline):
        self.deadline = deadline

    def ask(self, verb, doing, **order):
        if verb == "compile":
            self.compilations += 1
            self.reply = self.outcome
            return
        if verb == "prepare":
            self.function = self.compiled if order["compiled"] else self.plain
        super().ask(verb, doing, **order)

    def answer(self):
        if isinstance(self.reply, BaseException):
            raise self.reply
        return Answer(self.reply, None, [])


@pytest.fixture
def gpu(monkeypatch):
    gpu = SimulatedGpu()
    clock = Clock(gpu.handles())
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (1 << 34, 1 << 34))
    monkeypatch.setattr(timed, "judges_clock", lambda: clock)
    return gpu


def timed_case(worker, triton_ms=0.1, python="", **options):
    verdict = Verdict({"name": "a card"}, {"torch": "2.11.0", "triton": "3.6.0"})
    verdict.set(triton_ms=triton_ms, python_ms=1.0)
    pair = {
        "python": {**BLOCK, "code": BLOCK["code"] + python},
        "triton": BLOCK,
        "test": BLOCK,
        "entry": {"convention": "functions", "reference": "reference", "candidate": "wrapper"},
        "inputs": "get_test_inputs",
    }
    options = Options.of({"torch_compile": True, **options})
    case = Case(pair, options, Team(worker, None, None), verdict, lambda *_: None, Deadline(60))
    case.expected = [Expected(None, None, [])] * 3
    return case


def codes(case):
    return [(finding["code"], finding["severity"]) for finding in case.verdict.line()["findings"]]


def test_the_candidate_is_held_against_what_torch_compile_makes(gpu):
    case, sent = timed_case(Compiling(gpu)), []
    compare_with_compiled(case, CompiledTimes(), sent.append)
    line = case.verdict.line()
    assert line["torch_compile_ms"] == pytest.approx(0.2, abs=LAUNCH_MS)
    assert line["speedup_vs_compile"] == pytest.approx(2, rel=0.05)
    assert codes(case) == []
    assert [early["pending"] for early in sent] == [["torch_compile"]]
    assert sent[0]["torch_compile_ms"] is None


def test_a_reference_is_compiled_once_whatever_the_kernel(gpu):
    times, worker, sent = CompiledTimes(), Compiling(gpu), []
    for triton_ms in (0.1, 0.05):
        case = timed_case(worker, triton_ms)
        compare_with_compiled(case, times, sent.append)
    assert (worker.compilations, len(sent)) == (1, 1)
    assert case.verdict.line()["speedup_vs_compile"] == pytest.approx(4, rel=0.05)
    compare_with_compiled(timed_case(worker, python="# another\n"), times, sent.append)
    assert worker.compilations == 2


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        ({"problem": "Unsupported: a graph break in the midst"}, "a graph break"),
        (Fault("pytorch", "timeout", "Timeout", "still being compiled when the limit ran out"), "ran out"),
        (Fault("pytorch", "run", "ProcessEnded", "the reference's process was ended by SIGSEGV"), "SIGSEGV"),
    ],
)
def test_where_it_fails_the_line_says_why_and_nobody_is_blamed(gpu, outcome, why):
    times, worker = CompiledTimes(), Compiling(gpu, outcome=outcome)
    for _ in range(2):
        case = timed_case(worker)
        compare_with_compiled(case, times, lambda _: None)
        line = case.verdict.line()
        assert (line["torch_compile_ms"], line["speedup_vs_compile"], line["error"]) == (None, None, None)
        assert codes(case) == [("NotCompiled", "info")]
        assert why in line["findings"][0]["message"]
    # What failed once fails again, and takes as long.
    assert worker.compilations == 1


def test_a_cancelled_verdict_stays_cancelled_and_is_not_remembered(gpu):
    times = CompiledTimes()
    with pytest.raises(Cancelled):
        compare_with_compiled(timed_case(Compiling(gpu, outcome=Cancelled())), times, lambda _: None)
    worker = Compiling(gpu)
    compare_with_compiled(timed_case(worker), times, lambda _: None)
    assert worker.compilations == 1


def test_a_slow_reference_and_a_slow_candidate_are_told(gpu):
    case = timed_case(Compiling(gpu, compiled_ms=0.05), triton_ms=0.2)
    compare_with_compiled(case, CompiledTimes(), lambda _: None)
    assert codes(case) == [("SlowReference", "warning"), ("SlowerThanCompiled", "info")]
    assert "20 times as fast" in case.verdict.line()["findings"][0]["message"]
    assert [finding["line"] for finding in case.verdict.line()["findings"]] == [8, 7]


@pytest.mark.parametrize("without", [{"torch_compile": False}, {"triton_ms": None}])
def test_where_it_is_not_wanted_or_nothing_was_timed_it_is_left_out(gpu, without):
    worker = Compiling(gpu)
    case = timed_case(worker, **without)
    compare_with_compiled(case, CompiledTimes(), lambda _: pytest.fail("a line was sent"))
    assert worker.compilations == 0
    assert codes(case) == []


def test_it_keeps_to_the_pairs_own_time(gpu):
    worker = Compiling(gpu)
    case = timed_case(worker)
    case.deadline = Deadline(3)
    compare_with_compiled(case, CompiledTimes(), lambda _: None)
    assert worker.compilations == 0
    assert codes(case) == [("NotCompiled", "info")]
    case = timed_case(worker)
    compare_with_compiled(case, CompiledTimes(), lambda _: None)
    assert worker.deadline.left_s() < 41
    assert worker.deadline.cancelled is case.deadline.cancelled


def test_only_so_many_are_kept(monkeypatch):
    from fusewright_harness import compiled_reference

    monkeypatch.setattr(compiled_reference, "_MOST_KEPT", 2)
    times = CompiledTimes()
    for key in "abc":
        times.put(key, Compiled(1.0))
    assert [times.get(key) for key in "abc"] == [None, Compiled(1.0), Compiled(1.0)]
