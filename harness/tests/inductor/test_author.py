"""The verb ``inductor``, asked of the real harness: a contained worker writes the kernel, and its answer is checked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness_client import Harness, pair

_PYTHON = """
import torch

def scaled_torch(x, factor):
    return torch.softmax(x * factor, dim=-1)
"""

_TEST = """
import torch

def get_test_inputs():
    return {"factor": 0.5, "x": torch.randn(6, 40, device="cuda")}
"""


def subject(python=_PYTHON, test=_TEST, entry=("scaled_torch", "scaled_triton"), **more):
    return {**pair(python, "", test, entry=entry, **more), "triton": None}


@pytest.fixture(scope="module")
def harness():
    with Harness() as harness:
        yield harness


def ask(harness, pair, **options):
    reply = harness.result(harness.send("inductor", pair=pair, options=options))
    assert reply["event"] == "written", reply
    return reply["kernel"], reply["error"]


def test_the_kernel_that_is_written_passes(harness):
    kernel, error = ask(harness, subject())
    assert error is None
    assert (kernel["launches"], len(kernel["kernels"])) == (1, 1)
    assert f"def {kernel['kernels'][0]}(" in kernel["triton"]
    whole = pair(_PYTHON, kernel["triton"], _TEST, entry=("scaled_torch", "scaled_triton"))
    line = harness.verdict(whole, device="interpreter")
    assert line["verdict"] == "untimed", line["reason"]


_MODEL = """
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self, features, classes, eps=1e-6):
        super().__init__()
        self.norm = nn.LayerNorm(features, eps=eps)
        self.register_buffer("shift", torch.full((features,), 0.25))

    def forward(self, x):
        return torch.relu(self.norm(x) + self.shift)
"""

_MODEL_TEST = """
import torch

def get_inputs():
    return [torch.randn(6, 40)]

def get_init_inputs():
    return [40, 3]
"""


def test_a_module_becomes_one_with_the_same_state(harness):
    asked = subject(_MODEL, _MODEL_TEST, ("Model", "ModelNew"))
    asked |= {"inputs": "get_inputs", "entry": {**asked["entry"], "convention": "modules"}}
    kernel, error = ask(harness, asked)
    assert error is None
    assert "class ModelNew(nn.Module):" in kernel["triton"]
    whole = pair(_MODEL, kernel["triton"], _MODEL_TEST, entry=("Model", "ModelNew"))
    whole |= {"inputs": asked["inputs"], "entry": asked["entry"]}
    line = harness.verdict(whole, device="interpreter")
    assert line["verdict"] == "untimed", line["reason"]


def test_an_operator_without_a_kernel_is_named(harness):
    kernel, error = ask(
        harness,
        subject(_PYTHON.replace("torch.softmax(x * factor, dim=-1)", "torch.linalg.svdvals(x) * factor")),
    )
    assert kernel is None
    assert error["type"] == "Unsupported"
    assert "svd" in error["operator"]
    assert error["operator"] in error["message"]


def test_what_fails_in_the_pairs_own_code_is_told_on_its_line(harness):
    _, error = ask(harness, subject(test=_TEST.replace("torch.randn(6, 40", "torch.randn(6, 40, colour=1")))
    assert (error["implementation"], error["stage"], error["line"]) == ("test", "inputs", 13)
    _, error = ask(harness, subject(_PYTHON.replace("x * factor", "x @ factor_of_x")))
    assert (error["implementation"], error["type"], error["line"]) == ("pytorch", "NameError", 5)
    _, error = ask(harness, subject(entry=("scaled", "scaled_triton")))
    assert error["type"] == "EntryPoint"


def test_the_pairs_code_is_contained_and_has_a_time_limit(harness):
    _, error = ask(
        harness, subject(_PYTHON.replace("import torch", "import torch, os\nos.listdir('/root')", 1))
    )
    assert error["implementation"] == "pytorch", error
    assert "os.listdir" in error["message"] or "permission" in error["message"].lower(), error
    _, error = ask(harness, subject(_PYTHON + "\nwhile True:\n    pass\n"), timeout_s=2)
    assert (error["stage"], error["type"]) == ("timeout", "Timeout")


def test_it_can_be_cancelled(harness):
    number = harness.send("inductor", pair=subject(_PYTHON + "\nwhile True:\n    pass\n"), options={})
    harness.cancel(number)
    assert harness.result(number)["message"] == "cancelled"
