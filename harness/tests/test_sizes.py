"""At which sizes the interpreter runs a pair: smaller ones where the declared ones would take too long."""

from __future__ import annotations

import pytest
import torch
from harness_client import Harness, pair

from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Fault
from fusewright_harness.reduction import MOST_PLANS, plans, reduced
from fusewright_harness.sizes import OtherSizes, Sizes

PYTHON = """
import torch

def f(x, w):
    return torch.relu(x) * w
"""

TRITON = """
import torch
import triton
import triton.language as tl

@triton.jit
def kernel(x, w, o, n, columns, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    value = tl.maximum(tl.load(x + i, mask=m, other=0.0), 0.0) * tl.load(w + i % columns, mask=m, other=0.0)
    tl.store(o + i, value, mask=m)

def f(x, w):
    x, w = x.contiguous(), w.contiguous()
    REFUSE
    o = torch.empty_like(x)
    n = x.numel()
    kernel[(triton.cdiv(n, 16384),)](x, w, o, n, x.shape[1], BLOCK=16384)
    return o
"""

TEST = """
import torch

def get_test_inputs():
    return torch.randn(2048, 4096, device="cuda"), torch.randn(4096, device="cuda")
"""


def judged(harness, refuse="pass", code=TRITON):
    given = pair(PYTHON, code.replace("REFUSE", refuse), TEST, entry=("f", "f"))
    return harness.verdict(given, device="interpreter")


def test_what_belongs_together_is_made_smaller_together():
    value = ((torch.empty(8192, 4096), torch.empty(12288, 4096), torch.empty(4096), 4096), {})
    assert plans(value, set())[0] == {8192: 256, 12288: 384, 4096: 128}
    ((tensor, number), _named), names = reduced(((torch.zeros(4096, 4096), 4096), {}), 1, set())
    assert tensor.shape == (number, number) == (names[4096],) * 2
    assert reduced(value, MOST_PLANS + 1, set()) is None


def test_what_parameters_are_as_large_as_stays():
    value = ((torch.empty(8192, 4096),), {})
    assert all(4096 not in names for names in plans(value, {4096}))


def test_small_inputs_of_much_work_are_made_smaller_too():
    assert plans(((torch.empty(8, 64, 56, 56),), {}), set())[0]


def test_the_attempts_end_at_the_declared_sizes_without_patience():
    sizes, seen = Sizes(), []
    refused = Fault("triton", "run", "AssertionError", "only 4096")
    for _ in range(MOST_PLANS + 1):
        seen.append(sizes)
        assert not sizes.last
        sizes = sizes.next(OtherSizes(refused))
    assert [one.plan for one in seen] == list(range(MOST_PLANS + 1))
    assert sizes.last
    assert sizes.plan == 0
    assert not sizes.refuses(Fault("triton", "run", "MemoryLimit", "too much"))
    late = Fault("triton", "timeout", "Timeout", "too late")
    sizes.explain(late)
    assert "only 4096" in late.message


def test_what_is_late_with_small_sizes_too_has_the_rest_of_the_time():
    sizes = Sizes().next(OtherSizes(late=True)).next(OtherSizes(late=True))
    assert (sizes.plan, sizes.last) == (2, True)
    assert sizes.patience_s(Deadline(10)) is None
    declared = sizes.next(OtherSizes(none=True))
    assert (declared.plan, declared.last) == (0, True)


@pytest.fixture(scope="module")
def harness():
    with Harness() as running:
        yield running


def test_large_inputs_are_checked_at_smaller_sizes_which_is_said(harness):
    verdict = judged(harness)
    assert verdict["verdict"] == "untimed", verdict
    assert "4096 made" in verdict["reason"]
    assert [f["severity"] for f in verdict["findings"] if f["code"] == "SmallerSizes"] == ["info"]
    assert verdict["outputs"][0]["total"] < 1 << 20


def test_a_candidate_that_is_wrong_at_smaller_sizes_is_wrong(harness):
    verdict = judged(harness, code=TRITON.replace("x.shape[1], BLOCK", "4096, BLOCK"))
    assert verdict["verdict"] in ("wrong", "error"), verdict
    assert verdict["reason"].startswith("at smaller sizes (4096 made")


def test_sizes_that_the_candidate_refuses_are_not_held_against_it(harness):
    verdict = judged(harness, "assert x.shape[1] == 4096, 'only 4096 columns'")
    assert verdict["verdict"] == "untimed", verdict
    assert "2048 made" in verdict["reason"]
    assert "4096 made" not in verdict["reason"]
