"""Inputs that count how much of a dimension there is, other lengths for them, and masks that are added."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.call import Arguments
from fusewright_harness.lengths import lengths_of, parts_rows, with_empty_part, with_lengths
from fusewright_harness.variant_inputs import attempts
from fusewright_harness.variants import all_variants

X, LENGTHS = torch.randn(6, 20, 3), torch.full((6,), 20)


@pytest.mark.parametrize(
    ("reference", "sizes"),
    [
        (lambda x, n: x * (torch.arange(20) < n[:, None])[:, :, None], {1: 20}),
        (
            lambda x, n: x * (n.int()[:, None] > torch.arange(20)[None])[:, :, None] / n[:, None, None],
            {1: 20},
        ),
        (lambda x, n: x.masked_fill((torch.arange(10).float() >= n[:, None]).any(), 0.0), {1: 10}),
        (lambda x, n: x * n[:, None, None], {}),
        (lambda x, n: x * (n > 3)[:, None, None], {}),
    ],
)
def test_what_counts_places_is_found(reference, sizes):
    assert lengths_of(lambda given: given.call(reference), Arguments((X, LENGTHS), {})) == sizes


def test_lengths_that_differ_are_left_alone():
    def reference(x, n):
        return x * (torch.arange(20) < n[:, None])[:, :, None]

    given = Arguments((X, torch.tensor([3, 20, 7, 1, 5, 5])), {})
    assert lengths_of(lambda arguments: arguments.call(reference), given) == {}


def test_other_lengths_lie_within_the_dimension():
    x, n = with_lengths((X, LENGTHS), {"1": 20})
    assert torch.equal(x, X)
    assert n.shape == LENGTHS.shape
    assert n.dtype is LENGTHS.dtype
    assert 1 <= int(n.min()) <= int(n.max()) < 20


def test_a_mask_that_is_added_gets_other_numbers_where_it_leaves_nothing_out():
    causal = torch.zeros(9, 9).masked_fill(torch.ones(9, 9).triu(1) > 0, float("-inf"))
    ((variant,), value) = (
        [v for v in all_variants(((X, causal), {}), False) if v["kind"] == "unblanked"],
        ((X, causal), {}),
    )
    ((x, mask), _keywords) = attempts(value, variant, False)[0]
    assert torch.equal(x, X)
    assert torch.equal(mask == float("-inf"), causal == float("-inf"))
    assert not bool((mask == 0).any())
    flags = ((X, (torch.rand(9, 9) > 0.5).float()), {})
    assert not [v for v in all_variants(flags, False) if v["kind"] == "unblanked"]


def test_offsets_get_an_empty_part_that_makes_none_longer_than_the_longest():
    rows, offsets = torch.randn(20, 3), torch.tensor([0, 8, 11, 15, 20])
    assert parts_rows(offsets, [rows])
    assert with_empty_part(offsets).tolist() == [0, 8, 8, 15, 20]
    even = torch.tensor([0, 5, 10, 15, 20])
    assert torch.equal(with_empty_part(even), even)


@pytest.mark.parametrize("offsets", [[0, 8, 8, 15, 20], [1, 8, 11, 15, 20], [0, 8, 11, 15, 19], [0, 20]])
def test_other_numbers_are_no_offsets(offsets):
    assert not parts_rows(torch.tensor(offsets), [torch.randn(20, 3)])
