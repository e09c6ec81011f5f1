"""Lanes of one program that pass values through memory: told where no barrier stands between, and blamed nowhere."""

from __future__ import annotations

import pytest
from harness_client import Harness, pair

PYTHON = """
import torch

def turned(x):
    return (x * 2.0).flip(-1)
"""

TRITON = """
import torch
import triton
import triton.language as tl

@triton.jit
def turned_kernel(x_ptr, scratch_ptr, out_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + i, mask=i < n, other=0.0)
    tl.store(scratch_ptr + row * n + i, x * 2.0, mask=i < n)
    # between
    y = tl.load(scratch_ptr + row * n + n - 1 - i, mask=i < n, other=0.0)
    tl.store(out_ptr + row * n + i, y, mask=i < n)

def turned_triton(x):
    x = x.contiguous()
    out, scratch = torch.empty_like(x), torch.empty_like(x)
    n = x.shape[-1]
    turned_kernel[(x.numel() // n,)](x, scratch, out, n, BLOCK=triton.next_power_of_2(n))
    return out
"""

TEST = """
import torch

def get_test_inputs():
    return (torch.randn(6, 200, device="cuda"),)
"""


@pytest.fixture(scope="module")
def harness():
    with Harness() as running:
        yield running


def told(harness, triton):
    """The line and the message of each finding about racing lanes, of a pair that is right."""
    entry = {"entry": ("turned", "turned_triton")}
    judged = pair(PYTHON, triton, TEST, **entry)
    line = harness.result(harness.send("verify", pair=judged, options={"device": "interpreter"}))["verdict"]
    assert line["verdict"] == "untimed", line
    found = [finding for finding in line["findings"] if finding["code"] == "RacingLanes"]
    code, first = judged["triton"]["code"].splitlines(), judged["triton"]["first_line"]
    return [(code[finding["line"] - first].strip(), finding["message"]) for finding in found]


def test_reading_what_other_lanes_have_just_stored_is_told_on_its_line(harness):
    ((text, message),) = told(harness, TRITON)
    assert text.startswith("y = tl.load(scratch_ptr")
    assert "read of `scratch_ptr` what others of it have just stored" in message
    assert "tl.debug_barrier()" in message


@pytest.mark.parametrize("between", ["tl.debug_barrier()", "x = x + tl.sum(x, axis=0)"])
def test_nothing_is_told_where_the_lanes_wait_for_each_other(harness, between):
    assert told(harness, TRITON.replace("# between", between)) == []


def test_nothing_is_told_of_a_single_warp_or_of_neighbouring_lanes(harness):
    assert told(harness, TRITON.replace("BLOCK=triton", "num_warps=1, BLOCK=triton")) == []
    pairs = TRITON.replace("n - 1 - i,", "(i ^ 1),")
    swapped = PYTHON.replace("(x * 2.0).flip(-1)", "(x * 2.0).unflatten(-1, (-1, 2)).flip(-1).flatten(-2)")
    judged = pair(swapped, pairs, TEST, entry=("turned", "turned_triton"))
    line = harness.result(harness.send("verify", pair=judged, options={"device": "interpreter"}))["verdict"]
    assert line["verdict"] == "untimed", line
    assert "RacingLanes" not in [finding["code"] for finding in line["findings"]]


def test_storing_where_other_lanes_have_just_read_is_told(harness):
    in_place = (
        TRITON.replace("# between", "tl.debug_barrier()")
        .replace("y, mask", "y + 0.0 * later, mask")
        .replace(
            "    y =", "    later = tl.load(out_ptr + row * n + n - 1 - i, mask=i < n, other=0.0)\n    y ="
        )
        .replace("torch.empty_like(x), ", "torch.zeros_like(x), ")
    )
    ((text, message),) = told(harness, in_place)
    assert text.startswith("tl.store(out_ptr")
    assert "store to `out_ptr` where others of it have just read" in message
