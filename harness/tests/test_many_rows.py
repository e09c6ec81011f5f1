"""Variants of more than a thousand rows."""

from __future__ import annotations

import torch

from fusewright_harness.many_rows import (
    columns_variants,
    rows_variants,
    with_many_columns,
    with_many_rows,
)


def shapes(value):
    return [tuple(tensor.shape) for tensor in value[0]]


def test_rows_become_many_and_columns_few():
    value = ((torch.randn(64, 96), torch.randn(96)), {})
    (variant,) = rows_variants(value)
    assert (variant["from"], variant["base"]) == (64, {})
    varied = next(with_many_rows(value, variant["from"], variant["to"]))
    assert shapes(varied) == [(1031, 12), (12,)]


def test_rows_are_counted_over_all_leading_dimensions():
    value = ((torch.randn(6, 20, 48), torch.randn(48)), {})
    # Six may be channels.
    assert {(v["from"], v["to"]) for v in rows_variants(value)} == {(20, 173)}
    index = torch.randint(0, 9, (16, 20))
    assert {(v["from"], v["to"]) for v in rows_variants(((index,), {}))} == {(20, 67), (16, 53)}
    assert rows_variants(((torch.randn(6, 200, 48),), {})) == []


def test_of_a_square_the_rows_alone_become_many():
    value = ((torch.randn(256, 256), torch.randn(256)), {})
    (variant,) = rows_variants(value)
    found = [shapes(varied) for varied in with_many_rows(value, 256, variant["to"])]
    assert [(1031, 8), (8,)] in found


def test_sizes_that_follow_from_the_rows_follow_them():
    value = ((torch.randn(30, 4), torch.randn(60, 4)), {})
    assert [(1031, 4), (2062, 4)] in [shapes(varied) for varied in with_many_rows(value, 30, 1031)]


def test_what_has_many_rows_or_none_is_left_alone():
    assert rows_variants(((torch.randn(2000, 4), torch.randn(50)), {})) == []


def test_rows_in_parts_stay_as_many():
    x = torch.randn(184, 4)
    for parts in (torch.tensor([0, 60, 184]), torch.tensor([60, 124], dtype=torch.int32)):
        assert rows_variants(((x, parts), {})) == []


def test_too_many_elements_are_none():
    value = ((torch.randn(8, 8, 8, 8, 8, 8),), {})
    assert rows_variants(value) == []
    assert list(with_many_rows(value, 8, 1031)) == []


def test_columns_become_many_and_rows_few():
    value = ((torch.randn(64, 96), torch.randn(96)), {})
    (variant,) = columns_variants(value)
    assert (variant["from"], variant["to"]) == (96, 3 * 347)
    varied = next(with_many_columns(value, variant["from"], variant["to"]))
    assert shapes(varied) == [(8, 1041), (1041,)]
    # Hardly any two are equal, which of long rows would be the most.
    assert varied[0][0][0].unique().numel() > 1000


def test_shares_of_one_differ_and_are_shares_still():
    value = ((torch.softmax(torch.randn(64, 100), -1),), {})
    (variant,) = columns_variants(value)
    varied = next(with_many_columns(value, variant["from"], variant["to"]))[0][0]
    assert torch.allclose(varied.sum(-1), torch.ones(varied.shape[0]))
    assert varied[0].unique().numel() > 1000


def test_of_a_square_the_columns_alone_become_many():
    value = ((torch.randn(256, 256), torch.randn(256)), {})
    (variant,) = columns_variants(value)
    found = [shapes(varied) for varied in with_many_columns(value, 256, variant["to"])]
    assert [(8, 1031), (1031,)] in found


def test_few_columns_many_of_them_and_lengths_of_parts_stay():
    assert columns_variants(((torch.randn(100, 32), torch.randn(100, 2000)), {})) == []
    assert columns_variants(((torch.randn(4, 184), torch.tensor([0, 60, 184])), {})) == []


def test_flags_of_long_rows_hold_one_that_others_do_not():
    rare = torch.zeros(9, 100, dtype=torch.bool)
    rare[:, 3] = True
    ((made,), _keywords) = next(with_many_columns(((rare,), {}), 100, 1031))
    assert made.shape[-1] == 1031
    assert made.sum(-1).tolist() == [1] * made.shape[0]
    assert int(made.int().argmax(-1).min()) >= 515
    codes = ((torch.randint(0, 9, (9, 100), dtype=torch.int8),), {})
    assert {variant["from"] for variant in columns_variants(codes)} == {100}
