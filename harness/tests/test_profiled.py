"""Ruling on what the profiler saw."""

from __future__ import annotations

import pytest

from fusewright_harness.case import Case, Options, Team
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Fault
from fusewright_harness.profiled import Spent, judge_profile, profiled
from fusewright_harness.verdict import Verdict
from fusewright_harness.workers import Answer


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
    judge_profile(case, {"norm_kernel": Spent(0.095, 1), "fill": Spent(0.005, 1)})
    line = case.verdict.line()
    assert line["foreign_fraction"] == pytest.approx(0.05)
    assert line["kernels"][0]["device_ms"] == 0.095


def test_a_call_that_others_do_mostly_is_rejected(case):
    with pytest.raises(Fault, match="gemm") as caught:
        judge_profile(case, {"norm_kernel": Spent(0.01, 1), "gemm": Spent(0.09, 1)})
    assert (caught.value.kind, caught.value.line) == ("NotComputedByKernel", 7)


@pytest.mark.parametrize(
    ("own_ms", "others"),
    [
        # Honest pairs of a thousand elements, as an H200 profiles them.
        (0.0032, {"reduce_kernel": Spent(0.00467, 2)}),
        (0.00142, {"elementwise_kernel": Spent(0.00265, 1)}),
        (0.00209, {"radixSortKVInPlace": Spent(0.0081, 1), "compute_cuda_kernel": Spent(0.01757, 6)}),
        (0.00275, {"DeviceScanKernel": Spent(0.00255, 1), "fill": Spent(0.0011, 1)}),
    ],
)
def test_what_costs_no_more_than_being_launched_is_a_warning(case, own_ms, others):
    judge_profile(case, {"norm_kernel": Spent(own_ms, 1), **others})
    line = case.verdict.line()
    assert line["foreign_fraction"] > 0.5
    assert [(finding["code"], finding["severity"]) for finding in line["findings"]] == [
        ("TorchCompute", "warning")
    ]


def test_work_is_no_launch_however_many_there_are(case):
    case.verdict.set(triton_ms=1.0)
    with pytest.raises(Fault, match="elementwise"):
        judge_profile(case, {"norm_kernel": Spent(0.05, 1), "elementwise": Spent(0.4, 20)})


def test_a_gpu_busier_than_the_events_say_is_rejected(case):
    with pytest.raises(Fault, match="no other stream") as caught:
        judge_profile(case, {"norm_kernel": Spent(0.3, 1)})
    assert caught.value.kind == "WorkOutsideTheStream"


def test_a_call_that_its_stream_saw_take_as_long_is_no_other_stream(case):
    # As one was seen on an H200 whose clock had fallen: timed at 4.33 ms, busy for 7.74 ms when it was profiled.
    judge_profile(case, {"norm_kernel": Spent(7.74, 1)}, elapsed_ms=7.75)
    assert case.verdict.line()["kernels"][0]["device_ms"] == 7.74
    with pytest.raises(Fault, match=r"timed at 4\.3300 ms"):
        judge_profile(case, {"norm_kernel": Spent(7.74, 1)}, elapsed_ms=4.33)


@pytest.mark.parametrize("spent", [{"other": Spent(0.1, 1)}, {"norm_kernel": Spent(0.0, 1)}])
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
    case.team.candidate = Profiled(
        {
            "elapsed_ms": "long",
            "spent": {
                "norm_kernel": [0.1, 1],
                "fill": "long",
                "copy": [float("nan"), 1],
                "gemm": [0.1],
                "sum": [-1, 1],
            },
        }
    )
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
