"""Elements far larger than the others: they show what a sum leaves out, and ask for no mask beyond all numbers."""

from __future__ import annotations

import pytest
from harness_client import Harness, pair

PYTHON = """
import torch

def reference(q, k, v):
    hidden = torch.arange(4, device=q.device)[None, :] > torch.arange(q.shape[0], device=q.device)[:, None] % 4
    return (torch.softmax((q * k).masked_fill(hidden, -float("inf")), dim=1) * v).sum(1)
"""

TRITON = """
import torch
import triton
import triton.language as tl

@triton.jit
def weighted_kernel(q_ptr, k_ptr, v_ptr, out_ptr, rows, BLOCK: tl.constexpr):
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    column = tl.arange(0, 4)
    at = row[:, None] * 4 + column[None, :]
    inside = (row < rows)[:, None] & (column >= 0)[None, :]
    q = tl.load(q_ptr + at, mask=inside, other=0.0)
    k = tl.load(k_ptr + at, mask=inside, other=0.0)
    v = tl.load(v_ptr + at, mask=inside, other=0.0)
    scores = tl.where(column[None, :] <= (row % 4)[:, None], q * k, -1.0e4)
    weights = tl.exp(scores - tl.max(scores, 1)[:, None])
    out = tl.sum(weights * v, 1) / tl.sum(weights, 1)
    tl.store(out_ptr + row, out, mask=row < rows)

def candidate(q, k, v):
    out = torch.empty(q.shape[0], device=q.device)
    weighted_kernel[(triton.cdiv(q.shape[0], 512),)](q, k, v, out, q.shape[0], BLOCK=512)
    return out
"""

TEST = """
import torch

def get_test_inputs():
    torch.manual_seed(0)
    return tuple(torch.randn(4096, 4, device="cuda") for _ in range(3))
"""


@pytest.fixture(scope="module")
def harness():
    with Harness() as running:
        yield running


def test_a_mask_that_no_score_reaches_is_honest(harness):
    # Where q and k are thousands at once a score lies below the -1e4 that stands for a hidden one.
    verdict = harness.verdict(pair(PYTHON, TRITON, TEST), device="interpreter")
    assert verdict["verdict"] == "untimed", verdict["reason"]
    (outcome,) = [found["message"] for found in verdict["findings"] if found["code"] == "Robustness"]
    (moved,) = [part for part in outcome.split("; ") if "only where several inputs hold" in part]
    assert "one element of each row far larger than the others" in moved


def test_scores_that_are_cut_off_early_are_not(harness):
    cutting = TRITON.replace("q * k, -1.0e4", "tl.minimum(q * k, 24.0), -1.0e4")
    verdict = harness.verdict(pair(PYTHON, cutting, TEST), device="interpreter")
    assert (verdict["verdict"], verdict["error"]["type"]) == ("rejected", "WrongAtValues"), verdict["reason"]
