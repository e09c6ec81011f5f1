"""Other contents for inputs: spikes, whole numbers, options of the call, NaN."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.constant_parameters import has_constants, with_drawn_constants
from fusewright_harness.contents import (
    counted,
    measured_whole,
    spiked,
    with_special,
    with_zeros,
)
from fusewright_harness.variant_inputs import attempts
from fusewright_harness.variants import Known, all_variants


def test_each_row_has_one_spike_that_outweighs_the_rest():
    x = torch.randn(200, 300)
    y = spiked(x, 0.0, apart=False)
    assert (y != x).sum(1).tolist() == [1] * 200
    assert bool((y.abs().amax(1) ** 2 > 0.9 * y.square().sum(1)).all())
    rows = y.square().sum(1).sort(descending=True).values
    assert float(rows[:20].sum()) > 0.8 * float(rows.sum())


def test_four_places_leave_no_quarter_of_a_row_without_a_spike():
    x = torch.randn(6, 400)
    for row in range(6):
        quarters = {int(spiked(x, place / 4, True)[row].abs().argmax()) // 100 for place in range(4)}
        assert len(quarters) >= 3


def test_the_two_places_are_an_odd_number_of_elements_apart():
    x = torch.randn(9, 256)
    first, second = (spiked(x, place, True).abs().argmax(1) for place in (0.0, 0.5))
    assert bool(((first - second) % 2 == 1).all())


def test_apart_brings_every_tensor_to_one_scale():
    y = spiked(torch.randn(50, 40) * 100 + 1e7, 0.0, apart=True)
    rest = y.sort(1).values[:, 1:-1]
    assert abs(float(rest.mean())) < 0.3
    assert 0.5 < float(rest.std()) < 1.5


@pytest.mark.parametrize(
    "x", [torch.ones(8, 8), torch.eye(8), torch.arange(9), torch.softmax(torch.randn(4, 9), -1)]
)
def test_codes_constants_and_shares_get_no_spike(x):
    assert torch.equal(spiked(x, 0.0, apart=True), x)


def test_spikes_fit_into_float16():
    assert bool(torch.isfinite(spiked(torch.randn(2, 20_000, dtype=torch.float16), 0.5, apart=True)).all())


@pytest.mark.parametrize(
    ("numbers", "measured"),
    [
        (torch.randint(0, 100, (40,)), True),
        (torch.randint(-5, 100, (400,)), True),
        (torch.randint(-1 << 31, 100, (400,), dtype=torch.int32), False),
        (torch.randint(0, 2, (40,)), False),
        (torch.randint(0, 100, (40,), dtype=torch.uint8), False),
        (torch.randint(0, 1 << 40, (40,)), False),
    ],
)
def test_whole_numbers_that_are_counted_or_measured_are_seen(numbers, measured):
    assert measured_whole(numbers) is measured


def test_whole_numbers_become_negative_or_larger():
    x = torch.arange(1, 100)
    negative = counted(x, "negative")
    assert torch.equal(negative.abs(), x)
    assert 0 < int((negative < 0).sum()) < 99
    assert torch.equal(counted(x, "larger"), x * 1000)
    short = torch.arange(-8, 8, dtype=torch.int8)
    assert torch.equal(counted(short, "larger"), short * 15)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_one_whole_number_of_each_row_is_beyond_float32(dtype):
    x = torch.randint(-50, 50, (40, 100), dtype=dtype)
    precise = counted(x, "precise")
    changed = precise != x
    assert changed.sum(-1).tolist() == [1] * 40
    assert not bool((precise[changed].float().long() == precise[changed]).all())
    # Even the sum of a row fits 32 bits.
    assert int(precise.sum(-1).max()) < 1 << 31


def test_complex_numbers_turn():
    z = torch.complex(torch.randn(50), torch.zeros(50))
    (turned,) = attempts(((z,), {}), {"kind": "negated", "base": {}}, gently=False)[0][0]
    assert torch.allclose(turned.abs(), z.abs())
    assert float(turned.imag.abs().max()) > 0


def test_special_values_are_few_and_of_three_kinds():
    y = with_special(torch.randn(4000))
    for share in (y.isnan(), y == float("inf"), y == float("-inf")):
        assert 0.01 < float(share.float().mean()) < 0.06


def test_constant_parameters_are_drawn_and_a_variance_stays_positive():
    state = torch.nn.BatchNorm1d(50).state_dict()
    assert has_constants(state)
    drawn = with_drawn_constants(state)
    assert float(drawn["weight"].std()) > 0
    assert float(drawn["running_mean"].std()) > 0
    assert float(drawn["running_var"].min()) > 0
    assert drawn["num_batches_tracked"] is state["num_batches_tracked"]
    assert not has_constants(torch.nn.Linear(5, 5).state_dict())


def test_each_kind_is_tried_where_it_applies():
    value = ((torch.randn(9, 30), torch.randint(0, 50, (30,)), 3, True), {})
    kinds = {
        variant["kind"] for variant in all_variants(value, False, Known(whole_numbers=True, special=True))
    }
    assert {"spiked", "negative", "larger", "option", "special"} <= kinds
    for variant in all_variants(value, False, Known(whole_numbers=True, special=True)):
        assert attempts(value, variant, gently=False)


def test_a_row_of_zeros_is_among_several():
    rows = torch.randn(6, 4, 40) + 10
    made = with_zeros(rows, rows=True)
    assert int((made == 0).all(-1).sum()) == 1
    assert not bool((with_zeros(rows) == 0).all(-1).any())
    assert not bool((with_zeros(rows[0, :3], rows=True) == 0).all(-1).any())
    assert not bool((with_zeros(rows[0, 0], rows=True) == 0).all())
