"""Ruling on what the profiler saw."""

from __future__ import annotations

import pytest

from fusewright_harness.case import Case, Options, Team
from fusewright_harness.faults import Fault
from fusewright_harness.profiled import judge_profile, profiled
from fusewright_harness.verdict import Verdict
from fusewright_harness.workers import Answer, Deadline


@pytest.fixture
def case():
    verdict = Verdict({}, {})
    verdict.set(triton_ms=0.1, kernels=[{"name": "norm_kernel", "launches": 1, "device_ms": None}])
    pair = {
        "triton": {"code": "def wrapper(x): ...\n", "first_line": 7},
        "entry": {"convention": "functions", "reference": "reference", "candidate": "wrapper"},
        "inputs": "get_test_inputs",
    }
    return Case(pair, Options.of({}), Team(None, None, None), verdict, lambda *_: None, Deadline(60))


def test_an_honest_call_gets_its_kernels_times(case):
    judge_profile(case, {"norm_kernel": 0.095, "Memset (Device)": 0.005})
    line = case.verdict.line()
    assert line["foreign_fraction"] == pytest.approx(0.05)
    assert line["kernels"][0]["device_ms"] == 0.095


def test_a_call_that_others_do_mostly_is_rejected(case):
    with pytest.raises(Fault, match="gemm") as caught:
        judge_profile(case, {"norm_kernel": 0.01, "gemm": 0.09})
    assert (caught.value.kind, caught.value.line) == ("NotComputedByKernel", 7)


def test_a_gpu_busier_than_the_events_say_is_rejected(case):
    with pytest.raises(Fault, match="no other stream") as caught:
        judge_profile(case, {"norm_kernel": 0.3})
    assert caught.value.kind == "WorkOutsideTheStream"


@pytest.mark.parametrize("spent", [{"other": 0.1}, {"norm_kernel": 0.0}])
def test_a_profile_without_the_pairs_kernels_tells_nothing(case, spent):
    judge_profile(case, spent)
    assert case.verdict.line()["foreign_fraction"] is None


class Profiled:
    """A candidate's worker that answers "profile" with ``fields``, or fails."""

    def __init__(self, fields):
        self.fields = fields
        self.asked = []

    def ask(self, verb, _doing):
        self.asked.append(verb)

    def answer(self):
        if isinstance(self.fields, Fault):
            raise self.fields
        return Answer(self.fields, None, [])


def test_the_candidates_own_process_is_asked(case):
    case.team.candidate = Profiled({"spent": {"norm_kernel": 0.1, "fill": "long", "copy": float("nan")}})
    profiled(case)
    assert case.team.candidate.asked == ["profile"]
    assert case.verdict.line()["foreign_fraction"] == 0.0
    assert case.verdict.line()["kernels"][0]["device_ms"] == 0.1


@pytest.mark.parametrize(
    "outcome",
    [
        {"problem": "CUPTI refused its callbacks: status 15"},
        Fault(
            "triton",
            "run",
            "ProcessEnded",
            "the candidate's process was ended by SIGSEGV while being profiled",
        ),
    ],
)
def test_where_cupti_does_not_work_nobody_is_blamed_and_the_line_says_so(case, outcome):
    case.team.candidate = Profiled(outcome)
    profiled(case)
    line = case.verdict.line()
    assert line["foreign_fraction"] is None
    assert [(finding["code"], finding["severity"]) for finding in line["findings"]] == [
        ("NotProfiled", "info")
    ]


def test_what_the_candidate_does_wrong_while_it_is_profiled_counts(case):
    case.team.candidate = Profiled(Fault("triton", "run", "ValueError", "not a hundred times"))
    with pytest.raises(Fault, match="not a hundred times"):
        profiled(case)
