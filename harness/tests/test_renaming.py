"""Inputs of other sizes: what belonged together still does."""

from __future__ import annotations

import torch

from fusewright_harness.renaming import coordinates, renamed, told_apart, undivided
from fusewright_harness.variant_inputs import attempts
from fusewright_harness.variants import all_variants


def test_offsets_stay_in_order_where_there_are_more_of_them():
    packed = torch.randn(40, 8)
    offsets = torch.tensor([0, 7, 12, 25, 31, 40], dtype=torch.int32)
    values, longer = renamed((packed, offsets), {6: 11})
    assert values.shape == (40, 8)
    assert longer.shape == (11,)
    assert longer[0] == 0
    assert longer[-1] == 40
    assert bool((longer[1:] >= longer[:-1]).all())


def test_an_index_of_large_keys_is_made_longer_in_no_time():
    keys = torch.arange(30) * 35_000_003
    longer = renamed((keys,), {30: 67})[0]
    assert longer.unique().numel() == 67


def test_a_size_of_three_parts_keeps_three_parts():
    assert undivided(192) == 3 * 67
    assert undivided(192, 256) == 3 * 89
    assert undivided(64) == 67
    assert undivided(300) == 307
    assert undivided(6) == 7
    for size in range(2, 3000):
        assert undivided(size) > size
        assert undivided(size) % 2 == 1 or size == 1


def test_a_size_that_counts_the_blocks_of_another_is_known():
    scales, matrix = torch.rand(2, 3), torch.randn(200, 300)
    sizes = {v["from"]: v for v in all_variants(((matrix, scales), {}), False) if v["kind"] == "size"}
    assert sizes[3]["counts_blocks"]
    assert sizes[2]["counts_blocks"]
    assert not sizes[300]["counts_blocks"]


def test_a_few_in_a_last_dimension_are_coordinates():
    points, turn, image = torch.randn(50, 3), torch.randn(3, 3), torch.randn(2, 3, 40, 60)
    assert coordinates([points, turn], 3)
    assert not coordinates([image, torch.randn(3)], 3)
    assert not coordinates([torch.randn(40, 8)], 8)
    # Nothing but coordinates is of that size: there is nothing to be told apart.
    assert told_apart([points, turn], 3) == []
    assert told_apart([torch.randn(40, 40)], 40) == [0, 1]


def test_batches_are_told_apart_from_as_many_coordinates():
    value = ((torch.randn(2, 5, 7, 9), torch.rand(2, 30, 2)), {})
    (batches,) = [v for v in all_variants(value, False) if v.get("part") and v["from"] == 2]
    ((image, places),) = (attempt[0] for attempt in attempts(value, batches, False))
    assert image.shape == (3, 5, 7, 9)
    assert places.shape == (3, 30, 2)
