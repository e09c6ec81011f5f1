"""Programs of one launch that need each other, and those that only seem to."""

from __future__ import annotations

import pytest
from harness_client import Harness, pair

HEAD = """
import torch
import triton
import triton.language as tl

"""

TEST = """
import torch

def get_test_inputs():
    return (torch.randn(1000, device="cuda"),)
"""

TOTAL = "def reference(x):\n    return x.sum()\n"

WITHOUT_ATOMICS = """
@triton.jit
def fused_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    part = tl.sum(tl.load(x_ptr + i, mask=i < n, other=0.0))
    tl.store(out_ptr, tl.load(out_ptr) + part)

def candidate(x):
    out = torch.zeros((), device=x.device)
    fused_kernel[(triton.cdiv(x.numel(), 128),)](x.contiguous(), out, x.numel(), BLOCK=128)
    return out
"""

WITH_ATOMICS = WITHOUT_ATOMICS.replace(
    "tl.store(out_ptr, tl.load(out_ptr) + part)", "tl.atomic_add(out_ptr, part)"
)

LAST_TO_ARRIVE = """
@triton.jit
def fused_kernel(x_ptr, parts_ptr, count_ptr, out_ptr, n, PROGRAMS: tl.constexpr, BLOCK: tl.constexpr):
    program = tl.program_id(0)
    i = program * BLOCK + tl.arange(0, BLOCK)
    tl.store(parts_ptr + program, tl.sum(tl.load(x_ptr + i, mask=i < n, other=0.0)))
    if tl.atomic_add(count_ptr, 1) == tl.num_programs(0) - 1:
        p = tl.arange(0, PROGRAMS)
        tl.store(out_ptr, tl.sum(tl.load(parts_ptr + p, mask=p < tl.num_programs(0), other=0.0)))

def candidate(x):
    out = torch.empty((), device=x.device)
    programs = triton.cdiv(x.numel(), 128)
    parts, count = torch.empty(programs, device=x.device), torch.zeros((), dtype=torch.int32, device=x.device)
    fused_kernel[(programs,)](
        x.contiguous(), parts, count, out, x.numel(), PROGRAMS=triton.next_power_of_2(programs), BLOCK=128
    )
    return out
"""

WAITS_ITS_TURN = """
@triton.jit
def fused_kernel(x_ptr, turn_ptr, out_ptr, n, BLOCK: tl.constexpr):
    program = tl.program_id(0)
    i = program * BLOCK + tl.arange(0, BLOCK)
    part = tl.sum(tl.load(x_ptr + i, mask=i < n, other=0.0))
    while tl.atomic_add(turn_ptr, 0) != program:
        pass
    tl.store(out_ptr, tl.load(out_ptr) + part)
    tl.atomic_add(turn_ptr, 1)

def candidate(x):
    out = torch.zeros((), device=x.device)
    turn = torch.zeros((), dtype=torch.int32, device=x.device)
    fused_kernel[(triton.cdiv(x.numel(), 128),)](x.contiguous(), turn, out, x.numel(), BLOCK=128)
    return out
"""

LAST_BY_NUMBER = LAST_TO_ARRIVE.replace(
    "if tl.atomic_add(count_ptr, 1) == tl.num_programs(0) - 1:",
    "tl.atomic_add(count_ptr, 1)\n    if program == tl.num_programs(0) - 1:",
)

IN_PLACE = """
@triton.jit
def fused_kernel(x_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x_ptr + i, tl.load(x_ptr + i, mask=i < n) * 2.0, mask=i < n)

def candidate(x):
    y = x.clone()
    fused_kernel[(triton.cdiv(x.numel(), 128),)](y, x.numel(), BLOCK=128)
    return y
"""


@pytest.fixture(scope="module")
def harness():
    with Harness() as running:
        yield running


def verdict(harness, triton, python=TOTAL):
    judged = pair("import torch\n" + python, HEAD + triton, TEST)
    return harness.result(harness.send("verify", pair=judged, options={"device": "interpreter"}))["verdict"]


def test_memory_that_programs_share_without_agreement_is_named_with_its_line(harness):
    line = verdict(harness, WITHOUT_ATOMICS)
    assert (line["verdict"], line["error"]["type"]) == ("rejected", "DependsOnOrder")
    assert "`out_ptr`" in line["reason"]
    judged = pair("import torch\n" + TOTAL, HEAD + WITHOUT_ATOMICS, TEST)["triton"]
    named = judged["code"].splitlines()[line["error"]["line"] - judged["first_line"]]
    assert "tl.load(out_ptr)" in named


def test_the_last_program_by_its_number_is_no_last_one(harness):
    line = verdict(harness, LAST_BY_NUMBER)
    assert (line["verdict"], line["error"]["type"]) == ("rejected", "DependsOnOrder")
    assert "last program of each launch run first" in line["reason"]


@pytest.mark.parametrize("triton", [WITH_ATOMICS, LAST_TO_ARRIVE, WAITS_ITS_TURN])
def test_programs_that_agree_by_atomics_pass(harness, triton):
    line = verdict(harness, triton)
    assert line["verdict"] == "untimed", line["reason"]


def test_each_program_in_its_own_place_passes(harness):
    assert verdict(harness, IN_PLACE, "def reference(x):\n    return x * 2.0\n")["verdict"] == "untimed"
