"""Inputs that are an index, and the whole range that they are drawn from."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy, embedding

from fusewright_harness.call import Arguments
from fusewright_harness.index_ranges import index_ranges, repeatable, with_repetition, with_whole_ranges

TABLE, INDEX = torch.randn(1000, 40), torch.randint(0, 10, (64,))
INDEX[0] = 9


@pytest.mark.parametrize(
    ("reference", "ranges"),
    [
        (lambda x, i: x[i], {1: 1000}),
        (lambda x, i: x[i.view(8, 8)].relu(), {1: 1000}),
        (lambda x, i: embedding(i, x), {1: 1000}),
        (lambda x, i: x[i] + x[:500][i], {1: 500}),
        (lambda x, i: x.index_select(1, i), {1: 40}),
        (lambda x, i: x.gather(1, i.int().long()[:, None]), {1: 40}),
        (lambda x, i: cross_entropy(x[: len(i)], i), {1: 40}),
        (lambda x, i: torch.where(i[:, None] >= 0, x[i.clamp(min=0)], 0.0), {1: 1000}),
        (lambda x, i: torch.zeros(9, 30).index_add(0, i[:3] % 9, x[:3, :30]), {}),
        (lambda x, i: x[i] * i[:, None], {}),
        (lambda x, i: x[i // 2], {}),
        (lambda x, i: x[:11][i], {}),
        (lambda x, i: x * i.sum(), {}),
    ],
)
def test_what_a_number_may_name_is_found(reference, ranges):
    found = index_ranges(lambda given: given.call(reference), Arguments((TABLE, INDEX), {}))
    assert found == ranges


def test_an_index_is_drawn_from_all_places():
    table, index = with_whole_ranges((TABLE, INDEX), {"1": 1000})
    assert torch.equal(table, TABLE)
    assert index.dtype is INDEX.dtype
    assert index.shape == INDEX.shape
    assert int(index.min()) >= 0
    assert int(index.max()) == 999


def test_what_had_an_order_no_place_twice_or_a_code_keeps_it():
    distinct, ordered, coded, rows = with_whole_ranges(
        (
            torch.randperm(20),
            torch.randint(0, 5, (30,)).sort().values,
            torch.tensor([3, -100, 1, 1]),
            torch.stack([torch.randperm(4)[:2] for _ in range(50)]),
        ),
        {"0": 100, "1": 100, "2": 100, "3": 64},
    )
    assert distinct.unique().numel() == 20
    assert torch.equal(ordered, ordered.sort().values)
    assert int(coded[1]) == -100
    assert not bool((rows[:, 0] == rows[:, 1]).any())
    assert int(rows.max()) > 3


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        (lambda x, i: x.index_add(0, i, x[:30]), {1: 1000}),
        (lambda x, i: x.index_put((i,), x[:30], accumulate=True), {1: 1000}),
        (lambda x, i: x.index_put((i,), x[:30]), {}),
        (lambda x, i: x.index_copy(0, i, x[:30]) + x.index_add(0, i, x[:30]), {}),
        (lambda x, i: x[i], {}),
    ],
)
def test_an_index_that_says_where_to_add_may_name_a_place_twice(reference, found):
    given = Arguments((TABLE, torch.randperm(1000)[:30]), {})
    assert repeatable(lambda arguments: arguments.call(reference), given) == found
    assert repeatable(lambda arguments: arguments.call(reference), Arguments((TABLE, INDEX[:30]), {})) == {}


def test_every_second_place_is_the_one_before():
    _table, index = with_repetition((TABLE, torch.tensor([4, 2, 9, 7, 5])), {"1": 1000})
    assert index.tolist() == [4, 4, 9, 9, 5]
