"""Which versions of torch TorchInductor is understood on, and what is said on any other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness_client import Harness, pair

from fusewright_harness.inductor.versions import refusal

_PYTHON = """
import torch

def scaled_torch(x):
    return torch.relu(x) * 2
"""

_TEST = """
import torch

def get_test_inputs():
    return (torch.randn(6, 40, device="cuda"),)
"""


@pytest.mark.parametrize("version", ["2.11.0", "2.13.1", "2.15.0+cu130"])
def test_what_lies_between_the_tested_versions_is_taken(version):
    assert refusal(version, "3.9.0") is None


@pytest.mark.parametrize("version", ["2.6.0", "2.10.1", "2.16.0", "3.0.0", "unknown"])
def test_any_other_is_refused_in_a_sentence_that_names_both(version):
    told = refusal(version, "3.2.0")
    assert told is not None
    assert told.startswith("TorchInductor's kernels are made standalone on torch 2.11 to 2.15; this is ")
    assert "triton 3.2.0" in told


def test_the_harness_writes_here_or_says_why_not():
    with Harness() as harness:
        subject = {**pair(_PYTHON, "", _TEST, entry=("scaled_torch", "scaled_triton")), "triton": None}
        reply = harness.result(harness.send("inductor", pair=subject, options={}))
    assert reply["event"] == "written", reply
    if told := refusal():
        assert (reply["kernel"], reply["error"]["type"]) == (None, "TorchNotCovered")
        assert reply["error"]["message"] == told
    else:
        assert reply["error"] is None
        assert "def scaled_triton(x):" in reply["kernel"]["triton"]
