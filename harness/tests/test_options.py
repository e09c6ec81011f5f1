"""Arguments that are no tensors, each given another value."""

from __future__ import annotations

import torch

from fusewright_harness.options import option_variants, with_option, words_of
from fusewright_harness.variants import confirming


def changed(value, words=(), sizes=frozenset()):
    """What each variant makes of ``value``, by the first of its choices."""
    return [
        with_option(value, variant["place"], variant["to"][0])
        for variant in option_variants(value, sizes, list(words))
    ]


def test_each_option_is_changed_alone():
    value = ((2, True, 0.5), {"causal": False})
    assert changed(value) == [
        ((3, True, 0.5), {"causal": False}),
        ((2, False, 0.5), {"causal": False}),
        ((2, True, 0.375), {"causal": False}),
        ((2, True, 0.5), {"causal": True}),
    ]


def test_what_is_zero_is_changed_too():
    assert changed((0.0, 0, -1)) == [(0.25, 0, -1), (0.0, 1, -1), (0.0, 0, 0)]
    assert option_variants((1,), frozenset(), [])[0]["to"] == [2, 0]


def test_sizes_of_tensors_and_numbers_without_end_stay():
    assert changed((torch.ones(7), 7, float("inf"), float("nan")), sizes=frozenset({7})) == []


def test_margins_are_tried_beside_small_values():
    variant, weight = option_variants((1e-6,), frozenset(), [])
    assert (weight["to"], weight["small"]) == ([0.1], False)
    assert variant["small"]
    assert variant["to"] == [1e-3]
    assert option_variants((-1e-3,), frozenset(), [])[0]["to"] == [-4e-3]
    assert not option_variants((0.1,), frozenset(), [])[0]["small"]


def test_words_are_those_of_the_text_and_their_kin():
    found = {value[0] for value in changed(("mean",), words=["mean", "median"])}
    assert {"median", "sum"} <= found
    assert "mean" not in found
    assert changed(("any",), words=["any"]) == []


def test_the_words_of_a_block_are_its_short_names():
    code = '"""What it does, at length."""\nif how == "mean" or how in ("log-sum", ""):\n    print("a b")\n'
    assert words_of(code) == ["mean", "log-sum"]
    assert words_of("def (") == []


def test_dtypes_change_and_none_becomes_a_row():
    x = torch.zeros(3, 5, dtype=torch.float16)
    assert changed((x, torch.float32))[0][1] is torch.float16
    (varied,) = changed((x, None))
    assert varied[1].shape == (5,)
    assert varied[1].dtype is torch.float16
    assert float(varied[1].abs().max()) > 0


def test_what_is_wrong_for_a_row_is_tried_with_as_much_as_the_input_has():
    value = ((torch.zeros(3, 5), None), {})
    (nothing,) = option_variants(value, frozenset(), [])
    (full,) = confirming(value, nothing)
    assert with_option(value, full["place"], full["to"][0])[0][1].shape == (3, 5)
    assert confirming(value, full) == []


def test_of_equal_numbers_for_each_axis_one_is_changed_alone():
    sizes = frozenset({2, 3})
    assert changed((3, (2, 2)), sizes=sizes) == [(3, (2, 3))]
    assert changed(((2, 3), [2, 2, 2, 2], (0, 0)), sizes=frozenset({0, 2, 3})) == []
    assert changed(([3, 3, 3], {"stride": (2, 2)}), sizes=sizes) == [
        ([3, 3, 4], {"stride": (2, 2)}),
        ([3, 3, 3], {"stride": (2, 3)}),
    ]


def test_what_the_reference_compares_with_is_tried_too():
    variants = option_variants(
        (torch.ones(7), 0.7, 7, 1e-6), frozenset({7}), [], {1: [0.0], 2: [1], 3: [0.0]}
    )
    assert [(variant["place"], variant["to"], variant["small"]) for variant in variants] == [
        (1, [0.75 * 0.7, 1000 * 0.7], False),
        (1, [0.0], False),
        (3, [1e-3], True),
        (3, [0.1], False),
        (3, [0.0], False),
    ]


def test_a_limit_that_nothing_comes_near_is_brought_nearer():
    (variant,) = option_variants((500.0,), frozenset(), [])
    assert variant["to"] == [375.0, 0.5, 0.0005, 500000.0]
