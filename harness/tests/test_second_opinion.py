"""What the interpreter finds beside a GPU's verdict; the interpreter's own lane, without the GPU."""

from __future__ import annotations

import os
import signal

import pytest
from harness_client import pair

from fusewright_harness.bench import Bench
from fusewright_harness.case import Case, Options, Team
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Fault
from fusewright_harness.second_opinion import interpret, second_opinion
from fusewright_harness.verdict import Verdict

PYTHON = """
import torch

def reference(x):
    return BODY
"""

TRITON = """
import torch
import triton
import triton.language as tl

@triton.jit
def row_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    BODY

def candidate(x):
    out = x.clone()
    row_kernel[(triton.cdiv(x.numel(), 64),)](x, out, x.numel(), BLOCK=64)
    return out
"""

TEST = """
import torch

def get_test_inputs():
    return (torch.randn(SIZE, device="cuda"),)
"""

DOUBLED = "tl.store(out_ptr + i, 2 * tl.load(x_ptr + i, mask=i < n), mask=i < n)"
UNMASKED = "tl.store(out_ptr + i, 2 * tl.load(x_ptr + i))"
# Each program's left neighbour has been written by the program before: a race on a GPU, and wrong one by one.
RACE = """left = tl.load(out_ptr + i - 1, mask=(i > 0) & (i < n), other=0.0)
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=i < n) + left, mask=i < n)"""


@pytest.fixture(scope="module")
def lanes():
    bench = Bench()
    bench.prepare({"verb": "verify", "options": {"device": "interpreter"}})
    yield bench
    bench.stop()


def case_of(bench, kernel, body="2 * x", size=256):
    text = pair(PYTHON.replace("BODY", body), TRITON.replace("BODY", kernel), TEST.replace("SIZE", str(size)))
    deadline = Deadline(60)
    lane = bench._lanes["interpreter"][0]
    reference = lane.worker()
    team = Team(reference, reference, None, lambda: bench._recruit(lane, team))
    return Case(text, Options.of({}), team, Verdict({}, {}), lambda *_: None, deadline)


def opinion(bench, *arguments, **named):
    case = case_of(bench, *arguments, **named)
    try:
        return interpret(case)
    finally:
        for worker in case.team.members():
            worker.end()


def test_an_honest_kernel_holds_at_its_own_size_and_another(lanes):
    backwards = "the declared sizes, the last program first"
    assert opinion(lanes, DOUBLED).held == ["the declared sizes", backwards, "256 -> 257"]


def test_large_sizes_are_made_small_first(lanes):
    assert opinion(lanes, DOUBLED, size=1 << 20).held[0] == "reduced sizes"


def test_an_access_without_a_mask_leaves_the_tensor_at_another_size(lanes):
    with pytest.raises(Fault) as refused:
        opinion(lanes, UNMASKED)
    fault = refused.value
    assert (fault.kind, fault.verdict, fault.stage) == ("OutOfBounds", "rejected", "trust")
    assert "257" in fault.message
    assert fault.line is not None


def test_programs_that_read_what_others_write(lanes):
    body = "x + torch.cat([torch.zeros_like(x[:1]), x[:-1]])"
    with pytest.raises(Fault) as refused:
        opinion(lanes, RACE, body=body)
    assert refused.value.kind == "WrongInterpreted"


class Gpu:
    """A case on a GPU, but for the GPU: its team's understudies are the interpreter's."""

    def __init__(self, bench, kernel, **named):
        self.inner = case_of(bench, kernel, **named)
        team = Team(None, None, None)
        team.understudies = lambda _deadline: self._second(team)
        case = self.inner
        self.case = Case(case.pair, case.options, team, Verdict({}, {}), case.report, case.deadline)

    def _second(self, team):
        team.second = self.inner.team
        return team.second


def test_it_runs_beside_the_audit_and_rules_at_its_end(lanes):
    gpu = Gpu(lanes, UNMASKED)
    begun = []
    with pytest.raises(Fault) as refused, second_opinion(gpu.case):
        begun.append(True)
    assert begun
    assert refused.value.kind == "OutOfBounds"
    for worker in gpu.case.team.members():
        worker.end()


def test_what_it_found_is_on_the_line(lanes):
    gpu = Gpu(lanes, DOUBLED)
    with second_opinion(gpu.case):
        pass
    (finding,) = gpu.case.verdict.line()["findings"]
    assert finding["code"] == "SecondOpinion"
    assert "257" in finding["message"]
    for worker in gpu.case.team.members():
        worker.end()


def test_a_fault_of_the_audit_ends_it(lanes):
    gpu = Gpu(lanes, DOUBLED, size=1 << 20)
    with pytest.raises(ZeroDivisionError), second_opinion(gpu.case):
        raise ZeroDivisionError
    assert not gpu.case.verdict.line()["findings"]
    for worker in gpu.case.team.members():
        worker.end()


def test_what_the_interpreter_cannot_run_is_nobodys_fault(lanes):
    gpu = Gpu(lanes, DOUBLED, body="no_such_name(x)")
    with second_opinion(gpu.case):
        pass
    (finding,) = gpu.case.verdict.line()["findings"]
    assert finding["severity"] == "info"
    assert "the reference refuses them" in finding["message"]
    for worker in gpu.case.team.members():
        worker.end()


def test_a_variant_that_ends_the_reference_is_left_out_and_a_fresh_one_goes_on(lanes):
    case = case_of(lanes, DOUBLED)
    first = case.team.reference
    ask = first.ask

    def ask_and_die(verb, *arguments, **fields):
        if verb == "variant":
            os.kill(first.pid, signal.SIGKILL)
        ask(verb, *arguments, **fields)

    first.ask = ask_and_die
    try:
        outcome = interpret(case)
    finally:
        for worker in case.team.members():
            worker.end()
    assert outcome.left_out == ["the declared sizes"]
    assert outcome.held == ["the declared sizes, the last program first", "256 -> 257"]
    assert case.team.reference is not first
