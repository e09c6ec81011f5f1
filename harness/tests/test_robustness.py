"""What other inputs tell against a candidate, and what they do not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from harness_client import Harness, pair

from fusewright_harness import robustness
from fusewright_harness.compare import Expected
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Fault
from fusewright_harness.probing import Probe
from fusewright_harness.variant_comparison import nearly

IMPORTS = """
import torch
import triton
import triton.language as tl
"""

ROTATE = """
import torch

def reference(points, turn):
    return points @ turn.T
"""

ROTATE_TRITON = (
    IMPORTS
    + """
@triton.jit
def rotate_kernel(p_ptr, r_ptr, o_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(p_ptr + 2 * i, mask=i < n, other=0.0)
    y = tl.load(p_ptr + 2 * i + 1, mask=i < n, other=0.0)
    for row in tl.static_range(2):
        turned = tl.load(r_ptr + 2 * row) * x + tl.load(r_ptr + 2 * row + 1) * y
        tl.store(o_ptr + 2 * i + row, turned, mask=i < n)

def candidate(points, turn):
    out = torch.empty_like(points)
    rotate_kernel[(triton.cdiv(len(points), 64),)](points.contiguous(), turn.contiguous(), out, len(points), BLOCK=64)
    return out
"""
)

ROTATE_TEST = """
import torch

def get_test_inputs():
    return torch.randn(100, 2, device="cuda"), torch.randn(2, 2, device="cuda")
"""

VARIANCE = """
import torch

def reference(x):
    return x.var(dim=1, unbiased=False)
"""

VARIANCE_TRITON = (
    IMPORTS
    + """
@triton.jit
def variance_kernel(x_ptr, o_ptr, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * columns + c, mask=c < columns, other=0.0)
    mean = tl.sum(x, axis=0) / columns
    tl.store(o_ptr + row, tl.sum(x * x, axis=0) / columns - mean * mean)

def candidate(x):
    x = x.contiguous()
    out = torch.empty(x.shape[0], device=x.device)
    variance_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out
"""
)

VARIANCE_TEST = """
import torch

def get_test_inputs():
    return torch.randn(20, 100, device="cuda")
"""


ADD = """
import torch

def reference(x, shift):
    return x + shift
"""

# Wrong where the first number is large, as in no draw, and the shift is nought, as in every other draw.
ADD_TRITON = (
    IMPORTS
    + """
@triton.jit
def add_kernel(x_ptr, s_ptr, o_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n, other=0.0)
    shift = tl.load(s_ptr)
    wrong = (tl.abs(tl.load(x_ptr)) > 100.0) & (shift == 0.0)
    tl.store(o_ptr + i, tl.where(wrong, -x, x + shift), mask=i < n)

def candidate(x, shift):
    x = x.contiguous()
    out = torch.empty_like(x)
    add_kernel[(triton.cdiv(x.numel(), 64),)](x, shift, out, x.numel(), BLOCK=64)
    return out
"""
)

ADD_TEST = """
import torch

draws = 0

def get_test_inputs():
    global draws
    draws += 1
    return 1 + torch.rand(200, device="cuda"), torch.full((1,), float(draws % 2 == EVEN), device="cuda")
"""


SYMLOG = """
import torch

def reference(x, scale):
    return torch.sign(x) * torch.log1p(torch.abs(x)) * scale
"""

SYMLOG_TRITON = (
    IMPORTS
    + """
@triton.jit
def symlog_kernel(x_ptr, scale_ptr, out_ptr, n, columns, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    scale = tl.load(scale_ptr + o % columns, mask=o < n, other=0.0)
    y = tl.log(1.0 + tl.abs(x))
    tl.store(out_ptr + o, tl.where(x < 0.0, -y, y) * scale, mask=o < n)


def candidate(x, scale):
    x = x.contiguous()
    out = torch.empty_like(x)
    symlog_kernel[(triton.cdiv(x.numel(), 256),)](
        x, scale.contiguous(), out, x.numel(), x.shape[1], BLOCK=256
    )
    return out
"""
)

SYMLOG_TEST = """
import torch

def get_test_inputs():
    return torch.randn(40, 100, device="cuda"), torch.randn(100, device="cuda")
"""


@pytest.fixture(scope="module")
def harness():
    with Harness() as running:
        yield running


def outcome(verdict):
    assert verdict["verdict"] == "untimed", verdict["reason"]
    (told,) = [found["message"] for found in verdict["findings"] if found["code"] == "Robustness"]
    return told.split("; ")


def test_the_number_of_coordinates_may_be_written_down(harness):
    told = outcome(harness.verdict(pair(ROTATE, ROTATE_TRITON, ROTATE_TEST), device="interpreter"))
    assert "made for one number of coordinates, so not for 2 -> 3" in told


def test_the_number_of_points_may_not(harness):
    counted = ROTATE_TRITON.replace("out, len(points), BLOCK", "out, 100, BLOCK")
    verdict = harness.verdict(pair(ROTATE, counted, ROTATE_TEST), device="interpreter")
    assert (verdict["verdict"], verdict["error"]["type"]) == ("rejected", "WrongAtSize"), verdict["reason"]


def test_a_variance_of_squares_is_less_exact_and_right(harness):
    told = outcome(harness.verdict(pair(VARIANCE, VARIANCE_TRITON, VARIANCE_TEST), device="interpreter"))
    assert any(part.startswith("less exact than the reference") and "shifted values" in part for part in told)


def test_a_shift_that_changes_the_result_is_wrong(harness):
    uncentred = VARIANCE_TRITON.replace("- mean * mean", "- 0.9 * mean * mean")
    verdict = harness.verdict(pair(VARIANCE, uncentred, VARIANCE_TEST), device="interpreter")
    # Near zero the mean's square is a hundredth of the variance.
    assert verdict["verdict"] in ("wrong", "rejected"), verdict["reason"]


def test_what_is_wrong_on_one_draw_of_two_is_told_and_not_blamed(harness):
    said = []
    for even in ("0", "1"):
        said += outcome(
            harness.verdict(pair(ADD, ADD_TRITON, ADD_TEST.replace("EVEN", even)), device="interpreter")
        )
    # Which draw comes first is not known here, and the other one finds nothing.
    assert any(part.startswith("other than the reference on one of two draws with") for part in said), said


def test_what_is_wrong_on_both_draws_is_blamed(harness):
    always = ADD_TRITON.replace("& (shift == 0.0)", "& (shift < 1e9)")
    verdict = harness.verdict(pair(ADD, always, ADD_TEST.replace("EVEN", "0")), device="interpreter")
    assert (verdict["verdict"], verdict["error"]["type"]) == ("rejected", "WrongAtValues"), verdict["reason"]


@pytest.mark.parametrize("exact", [False, True])
def test_a_logarithm_of_one_and_more_is_told_and_not_blamed(harness, exact):
    triton = SYMLOG_TRITON
    if exact:
        triton = "from triton.language.extra import libdevice\n" + triton.replace(
            "tl.log(1.0 + tl.abs(x))", "libdevice.log1p(tl.abs(x))"
        )
    verdict = harness.verdict(pair(SYMLOG, triton, SYMLOG_TEST), device="interpreter")
    assert verdict["verdict"] == "untimed", verdict["reason"]
    told = [found["message"] for found in verdict["findings"] if found["code"] == "InexactNearZero"]
    assert [("log1p" in message) for message in told] == [True] * (not exact)


def test_near_is_a_hundredth_of_what_is_usual():
    wanted = torch.randn(1000)
    expected = (Expected(wanted, None, []), Expected(((wanted,), {}), None, []))

    def near(found, after=wanted):
        return nearly(expected, {"result": found, "after": ((after,), {})})

    assert near(wanted + 0.001)
    assert not near(wanted + 0.1)
    assert not near(wanted, after=wanted + 0.1)
    assert not near(torch.where(wanted > 0, wanted, torch.nan))
    assert not near(wanted.double())


RELU = """
import torch

def reference(x):
    return torch.relu(x)
"""

RELU_TRITON = (
    IMPORTS
    + """
@triton.jit
def relu_kernel(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i, mask=i < n, other=0.0)
    tl.store(o_ptr + i, tl.maximum(x, 0.0), mask=i < n)

def candidate(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    relu_kernel[(triton.cdiv(x.numel(), 128),)](x, out, x.numel(), BLOCK=128)
    return out
"""
)

RELU_TEST = """
import torch

def get_test_inputs():
    return torch.randn(3, 1000, device="cuda")
"""


def told_of_nan(verdict):
    assert verdict["verdict"] == "untimed", verdict["reason"]
    return [
        (found["severity"], found["message"]) for found in verdict["findings"] if found["code"] == "OtherNaN"
    ]


def test_a_maximum_that_drops_nan_is_pointed_out_and_right(harness):
    ((severity, message),) = told_of_nan(
        harness.verdict(pair(RELU, RELU_TRITON, RELU_TEST), device="interpreter")
    )
    assert severity == "info"
    assert "elements where the reference gives NaN" in message
    assert "propagate_nan" in message


@pytest.mark.parametrize(
    "kept", ["tl.where(x < 0.0, 0.0, x)", "tl.maximum(x, 0.0, propagate_nan=tl.PropagateNan.ALL)"]
)
def test_a_kernel_that_keeps_nan_is_told_so(harness, kept):
    verdict = harness.verdict(
        pair(RELU, RELU_TRITON.replace("tl.maximum(x, 0.0)", kept), RELU_TEST), device="interpreter"
    )
    assert told_of_nan(verdict) == []
    assert any("NaN among the values" in part and part.startswith("right") for part in outcome(verdict))


class SlowWorker:
    """A candidate's process that compiles for too long."""

    ended = killed = False

    def kill(self):
        self.killed = True


def slow_probe(left_s):
    worker = SlowWorker()
    dismissed = []
    team = SimpleNamespace(dismiss=dismissed.append)
    return Probe(SimpleNamespace(deadline=Deadline(left_s), team=team), worker), worker


ROWS = {"kind": "rows", "from": 16, "to": 1031}


class LosingReference:
    """A reference's process that ends the first ``lost`` times that it is asked for variants."""

    def __init__(self, lost):
        self.lost, self.asked = lost, []

    def ask(self, verb, doing, **fields):
        self.asked.append((verb, fields["asking"]))

    def answer(self):
        if len(self.asked) <= self.lost:
            raise Fault("pytorch", "run", "AcceleratorError", "CUDA error: device-side assert triggered")
        return SimpleNamespace(fields={"variants": [ROWS]})


def listed(monkeypatch, lost):
    reference, replaced = LosingReference(lost), []
    monkeypatch.setattr(robustness, "replace_reference", replaced.append)
    case = SimpleNamespace(oldest=0, team=SimpleNamespace(reference=reference))
    return robustness._listed(case, False), reference.asked, len(replaced)


def test_a_reference_that_other_contents_end_is_asked_for_variants_without_them(monkeypatch):
    assert listed(monkeypatch, 0) == ([ROWS], [("variants", True)], 0)
    assert listed(monkeypatch, 1) == ([ROWS], [("variants", True), ("variants", False)], 1)
    with pytest.raises(Fault, match="device-side assert"):
        listed(monkeypatch, 2)


LATE = Fault("triton", "timeout", "Timeout", "the candidate was still running with other inputs")


def test_a_program_that_takes_too_long_to_compile_for_a_thousand_rows_is_left_out():
    probe, worker = slow_probe(60.0)
    probe._failed(ROWS, None, LATE)
    assert worker.killed
    assert (
        probe.run([], 1.0).sentence() == "not tried for want of time: more than a thousand rows (16 -> 1031)"
    )


@pytest.mark.parametrize(("variant", "left_s"), [(ROWS, 0.0), ({**ROWS, "kind": "size"}, 60.0)])
def test_a_verdict_whose_own_time_is_over_ends(variant, left_s):
    probe, worker = slow_probe(left_s)
    with pytest.raises(Fault, match="still running"):
        probe._failed(variant, None, LATE)
    assert not worker.killed
