"""Whole numbers of a smaller dimension: each kind still is what it was, and tells as much."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, strategies

from fusewright_harness.renaming import renamed


def test_an_index_is_spread_over_the_smaller_table_and_not_over_its_last_place():
    logits, targets = torch.randn(512, 8192), torch.randint(0, 8192, (512,))
    smaller, places = renamed((logits, targets), {8192: 1024, 512: 128})
    assert smaller.shape == (128, 1024)
    assert places.shape == (128,)
    assert int(places.max()) < 1024
    assert places.unique().numel() > 100


def test_an_index_into_a_table_that_keeps_its_size_is_left_alone():
    table, rows = torch.randn(3000, 8), torch.randint(0, 3000, (512,))
    _table, places = renamed((table, rows), {512: 128})
    assert torch.equal(places, rows[:128])


def test_a_number_beside_the_tensors_bounds_an_index_too():
    values, groups = torch.randn(4096, 16), torch.randint(0, 64, (4096,)).sort().values
    _values, places, count = renamed((values, groups, 64), {4096: 256, 64: 16})
    assert count == 16
    assert int(places.max()) < 16
    assert places.unique().numel() > 8
    assert bool((places[1:] >= places[:-1]).all())


def test_an_index_of_two_dimensions_taken_together_still_fits():
    image, places = torch.randn(2, 3, 64, 48), torch.randint(0, 64 * 48, (2, 3, 100))
    _image, fitted = renamed((image, places), {64: 8, 48: 6})
    assert int(fitted.max()) < 8 * 6
    assert fitted.unique().numel() > 40


def test_a_permutation_stays_one():
    order = torch.randperm(512)
    _values, shorter = renamed((torch.randn(512, 4), order), {512: 128})
    assert torch.equal(shorter.sort().values, torch.arange(128))


def test_the_experts_of_a_token_stay_apart():
    experts = torch.rand(100, 64).argsort(-1)[:, :6]
    _weights, fewer = renamed((torch.randn(64, 10), experts), {64: 8})
    assert int(fewer.max()) < 8
    assert all(row.unique().numel() == 6 for row in fewer)
    assert fewer.unique().numel() == 8


@pytest.mark.parametrize("lengths", [[300, 100, 112], [1, 510, 1], [0, 2, 510], [3] * 170 + [2]])
def test_lengths_of_parts_still_make_up_the_whole(lengths: list[int]):
    _packed, shorter = renamed((torch.randn(512, 4), torch.tensor(lengths)), {512: 128})
    assert int(shorter.sum()) == 128
    assert int(shorter.min()) >= 0
    assert [bool(length) for length in lengths] == shorter.bool().tolist() or len(lengths) > 128


def test_offsets_still_end_at_the_size_and_parts_keep_their_share():
    offsets = torch.tensor([0, 100, 256, 384, 512], dtype=torch.int32)
    _packed, fitted = renamed((torch.randn(512, 4), offsets), {512: 128})
    assert fitted.tolist() == [0, 25, 64, 96, 128]
    assert fitted.dtype == torch.int32


def test_fewer_offsets_are_taken_from_the_first_to_the_last():
    between = torch.randint(0, 2049, (512,)).sort().values
    offsets = torch.cat([torch.tensor([0]), between, torch.tensor([2048])])
    _packed, fitted = renamed((torch.randn(2048, 4), offsets), {2048: 256, 514: 65})
    assert fitted.shape == (65,)
    assert (int(fitted[0]), int(fitted[-1])) == (0, 256)
    assert bool((fitted[1:] >= fitted[:-1]).all())


def test_codes_for_padding_and_numbers_that_are_no_index_stay():
    targets = torch.randint(0, 8192, (512,))
    targets[::7] = -100
    packed = torch.randint(-(1 << 31), 1 << 31, (512, 64), dtype=torch.int32)
    _logits, fitted, words = renamed((torch.randn(512, 8192), targets, packed), {8192: 1024, 512: 128})
    assert torch.equal(fitted == -100, targets[:128] == -100)
    assert torch.equal(words, packed[:128])


@given(
    rows=strategies.integers(2, 200),
    size=strategies.integers(16, 5000),
    halvings=strategies.integers(1, 3),
    seed=strategies.integers(0, 1000),
    kind=strategies.sampled_from(["any", "ordered", "apart", "rows"]),
)
def test_an_index_never_leaves_its_table(rows: int, size: int, halvings: int, seed: int, kind: str):
    generator = torch.Generator().manual_seed(seed)
    places = torch.randint(0, size, (rows,), generator=generator)
    if kind == "ordered":
        places = places.sort().values
    if kind == "apart":
        places = torch.randperm(size, generator=generator)[:rows]
    if kind == "rows":
        places = torch.rand(rows, size, generator=generator).argsort(-1)[:, :3]
    fitted = renamed((torch.empty(size, 0), places), {size: size >> halvings})[1]
    assert 0 <= int(fitted.min()) <= int(fitted.max()) <= max(1, size >> halvings)
    # Places that happen to add up to the size are taken for lengths, which may be as long as it is.
    if int(places.max()) < size and kind != "apart" and int(places.sum()) != size:
        assert int(fitted.max()) < size >> halvings
