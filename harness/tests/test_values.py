"""Taking values apart and putting them together again."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fusewright_harness.values import (
    Untransferable,
    describe_structure,
    leaves,
    put_together,
    take_apart,
    view_fits,
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.complex_numbers(allow_nan=False),
)
values = st.recursive(
    scalars,
    lambda parts: st.one_of(
        st.lists(parts, max_size=4),
        st.lists(parts, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=4), parts, max_size=4),
    ),
    max_leaves=12,
)


@given(values)
def test_what_was_taken_apart_comes_together_again(value):
    tree, tensors = take_apart(value)
    assert tensors == []
    assert put_together(tree, tensors) == value


def test_tensors_dtypes_and_devices_keep_their_places():
    x, y = torch.ones(2), torch.zeros(3)
    value = (x, [y, torch.float16], {"d": torch.device("cpu"), "nan": math.nan})
    tree, tensors = take_apart(value)
    again = put_together(tree, tensors)
    assert again[0] is x
    assert again[1][0] is y
    assert again[1][1] is torch.float16
    assert again[2]["d"] == torch.device("cpu")
    assert math.isnan(again[2]["nan"])


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (object(), "builtins.object"),
        (torch.ones(2).to_sparse(), "sparse"),
        (torch.ones(2, device="meta"), "without data"),
        ({1.5: 2}, "keys"),
    ],
)
def test_what_cannot_cross_is_named(value, named):
    with pytest.raises(Untransferable, match=named):
        take_apart(value)


def test_a_subclass_that_computes_when_it_is_read_is_refused():
    class Lazy(torch.Tensor):
        pass

    with pytest.raises(Untransferable, match=r"plain torch\.Tensor"):
        take_apart(torch.ones(2).as_subclass(Lazy))


@pytest.mark.parametrize(
    "tree",
    [
        None,
        3,
        {},
        {"tensor": 0},
        {"tensor": -1},
        {"int": 5},
        {"list": 5},
        {"dict": [], "keys": ["a"]},
        {"x": 1},
    ],
)
def test_a_damaged_description_is_a_value_error(tree):
    with pytest.raises(ValueError, match="damaged"):
        put_together(tree, [])


def test_a_structure_is_described_as_python_would():
    tree, _ = take_apart((torch.ones(1), [1, 2.0], {"a": None}))
    assert describe_structure(tree) == "tuple(tensor, list(int, float), dict(a: None))"
    assert [path for path, _ in leaves(tree)] == ["[0]", "[1][0]", "[1][1]", "[2]['a']"]


@pytest.mark.parametrize(
    ("shape", "stride", "offset", "elements", "fits"),
    [
        ([2, 3], [3, 1], 0, 6, True),
        ([2, 3], [3, 1], 1, 6, False),
        ([2, 3], [1, 2], 0, 6, True),
        ([4], [0], 5, 6, True),
        ([0, 9], [9, 1], 6, 6, True),
        ([2], [-1], 3, 6, False),
        ([-2], [1], 0, 6, False),
        ([2], [1, 1], 0, 6, False),
    ],
)
def test_a_view_stays_inside_its_storage(shape, stride, offset, elements, fits):
    assert view_fits(shape, stride, offset, elements) is fits
