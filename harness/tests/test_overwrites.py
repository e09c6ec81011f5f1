"""References that write other values to one place, and those that do not."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.call import Arguments
from fusewright_harness.overwrites import overwriting

X, ROWS = torch.zeros(30, 8), torch.randn(60, 8)
TWICE, ONCE = torch.arange(60) % 30, torch.randperm(30)


def put(x, index, rows, accumulate=False):
    x.index_put_((index,), rows, accumulate=accumulate)
    return x


@pytest.mark.parametrize(
    "function",
    [
        lambda x, i, rows: put(x, i, rows),
        lambda x, i, rows: x.index_copy(0, i, rows),
        lambda x, i, rows: x.scatter(0, i[:, None].expand(60, 8), rows),
    ],
)
def test_places_that_are_written_twice_are_found(function):
    assert overwriting(lambda given: given.call(function), Arguments((X, TWICE, ROWS), {}))


@pytest.mark.parametrize(
    "function",
    [
        lambda x, i, rows: put(x, ONCE, rows[:30]),
        lambda x, i, rows: put(x, i, rows, accumulate=True),
        lambda x, i, rows: put(x, i, torch.tensor(float("nan"))),
        lambda x, i, rows: put(x, i, rows[i]),
        lambda x, i, rows: x.index_add(0, i, rows),
        lambda x, i, rows: x.index_copy(0, ONCE, rows[:30]),
        lambda x, i, rows: x.scatter(0, i[:, None].expand(60, 8), rows, reduce="add"),
        lambda x, i, rows: x.scatter(0, i[:, None].expand(60, 8), 1.0),
        lambda x, i, rows: x.scatter_reduce(0, i[:, None].expand(60, 8), rows, "amax"),
        lambda x, i, rows: torch.where(x[:, :1] > 0, x, 1.0),
    ],
)
def test_other_writes_are_left_alone(function):
    assert overwriting(lambda given: given.call(function), Arguments((X, TWICE, ROWS), {})) is None
