"""What a module keeps after a call: what the reference's call changes there, the candidate's has to change too."""

from __future__ import annotations

import pytest
import torch
from harness_client import Harness, pair

from fusewright_harness.module_state import buffers_of, compare_state, state_change

PYTHON = """
import torch

class Model(torch.nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("shift", torch.ones(features))
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, x):
        self.mean.lerp_(x.mean(0), 0.1)
        self.calls += 1
        return torch.relu(x - x.mean(0)) + self.shift

def get_inputs():
    return [torch.randn(40, 60, device="cuda")]

def get_init_inputs():
    return [60]
"""

TRITON = """
import torch
import triton
import triton.language as tl

@triton.jit
def centre_kernel(x_ptr, mean_ptr, shift_ptr, o_ptr, rows, features, BLOCK: tl.constexpr):
    feature = tl.program_id(0)
    row = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * features + feature, mask=row < rows, other=0.0)
    mean = tl.sum(x) / rows
    before = tl.load(mean_ptr + feature)
    tl.store(mean_ptr + feature, before + 0.1 * (mean - before))
    shift = tl.load(shift_ptr + feature)
    tl.store(o_ptr + row * features + feature, tl.maximum(x - mean, 0.0) + shift, mask=row < rows)

class ModelNew(torch.nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("shift", torch.ones(features))
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, x):
        x = x.contiguous()
        out = torch.empty_like(x)
        self.calls += 1
        grid, block = (x.shape[1],), triton.next_power_of_2(x.shape[0])
        centre_kernel[grid](x, self.mean, self.shift, out, x.shape[0], x.shape[1], BLOCK=block)
        return out
"""

UPDATE = "    tl.store(mean_ptr + feature, before + 0.1 * (mean - before))\n"


@pytest.fixture(scope="module")
def harness():
    with Harness() as running:
        yield running


def judged(harness, triton):
    how = {"entry": ("Model", "ModelNew"), "convention": "modules"}
    number = harness.send(
        "verify", pair=pair(PYTHON, triton, "", **how), options={"device": "interpreter", "seeds": 2}
    )
    return harness.result(number)["verdict"]


def warnings(verdict):
    return [finding["code"] for finding in verdict["findings"] if finding["severity"] == "warning"]


def test_a_module_that_updates_what_the_reference_updates_is_right(harness):
    verdict = judged(harness, TRITON)
    assert (verdict["verdict"], warnings(verdict)) == ("untimed", []), verdict


def test_running_statistics_that_stay_as_they_are_are_wrong(harness):
    verdict = judged(harness, TRITON.replace(UPDATE, ""))
    assert verdict["verdict"] == "wrong"
    assert "state after the call ['mean'] differs" in verdict["reason"]
    assert "updates `mean` of its module" in verdict["reason"]
    result, mean = (output["mismatched"] for output in verdict["outputs"])
    # By chance a mean is as good as nought.
    assert (result, mean > 40) == (0, True)


def test_what_the_reference_leaves_alone_may_not_change(harness):
    verdict = judged(
        harness, TRITON.replace("self.calls += 1", "self.calls += 1; self.shift.mul_(1.0).add_(1e-7)")
    )
    assert verdict["verdict"] == "wrong"
    assert "changes `shift` of its module" in verdict["reason"]


def test_a_counter_that_stands_still_is_a_warning(harness):
    verdict = judged(harness, TRITON.replace("self.calls += 1", "pass"))
    assert verdict["verdict"] == "untimed", verdict
    assert "ModuleState" in warnings(verdict)


def test_a_small_update_left_out_is_seen_within_the_tolerance():
    old, new = torch.ones(50), torch.ones(50) + 1e-5
    change = {"kept": {}, "old": {"mean": old}, "new": {"mean": new}}
    comparison, counters = compare_state(change, {"mean": new + 1e-6})
    assert (comparison.wrong, counters) == (None, [])
    comparison, _counters = compare_state(change, {"mean": old})
    assert "leaves `mean` of its module as it was" in comparison.wrong


def test_a_report_that_lacks_the_state_is_wrong():
    change = {"kept": {"shift": torch.ones(3)}, "old": {}, "new": {}}
    comparison, _counters = compare_state(change, None)
    assert "changes `shift`" in comparison.wrong


def test_large_buffers_and_functions_have_no_state_to_compare():
    module = torch.nn.Module()
    module.register_buffer("table", torch.empty(1, device="cpu").expand(1 << 25))
    assert buffers_of(module) == {}
    assert buffers_of(torch.relu) == {}
    assert state_change({}, module) == {"kept": {}, "old": {}, "new": {}}
