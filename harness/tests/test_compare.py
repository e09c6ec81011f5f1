"""What counts as the same result."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness import elements
from fusewright_harness.compare import LATER_CALLS, Expected, compare, compare_inputs


def expect(declared, wide=None, borders=(), inputs=()):
    return Expected(declared, wide, list(borders), inputs)


def test_equal_results_are_right():
    x = torch.randn(5, 7)
    comparison = compare(expect(x, x.double()), x.clone())
    assert comparison.wrong is None
    assert comparison.outputs[0]["expected_from"] == "float64"
    assert comparison.outputs[0]["mismatched"] == 0


def test_the_first_wrong_element_is_named_with_both_values():
    x = torch.zeros(4, 6)
    bad = x.clone()
    bad[2, 3] = 0.5
    bad[3, 0] = 0.5
    comparison = compare(expect(x, x.double()), bad)
    assert comparison.wrong == "output differs at 2 of 24 elements; first at (2, 3): expected 0, got 0.5"
    assert comparison.outputs[0]["first_mismatch"] == {"index": [2, 3], "expected": "0", "got": "0.5"}


@pytest.mark.parametrize(
    ("declared", "got", "named"),
    [
        (torch.zeros(2, 3), torch.zeros(3, 2), "shape"),
        (torch.zeros(2), torch.zeros(2, dtype=torch.float16), "dtype"),
        ((torch.zeros(2), torch.zeros(2)), [torch.zeros(2), torch.zeros(2)], "returned"),
        (torch.zeros(2), None, "returned"),
    ],
)
def test_another_form_is_wrong(declared, got, named):
    assert named in compare(expect(declared), got).wrong


def test_nan_where_the_reference_has_a_number_is_wrong():
    got = torch.ones(3)
    got[1] = float("nan")
    assert "NaN" in compare(expect(torch.ones(3), torch.ones(3).double()), got).wrong


def test_nan_and_infinity_where_the_reference_has_them_are_right():
    x = torch.tensor([float("nan"), float("inf"), -float("inf"), 1.0])
    assert compare(expect(x, x.double()), x.clone()).wrong is None
    assert compare(expect(x, x.double()), -x).wrong is not None


def test_a_result_beside_the_largest_number_may_round_to_infinity():
    x = torch.tensor([65504.0, -65504.0, 1.0], dtype=torch.float16)
    beyond = torch.tensor([float("inf"), -float("inf"), 1.0], dtype=torch.float16)
    assert compare(expect(x, x.double()), beyond).wrong is None
    assert compare(expect(x, x.double()), -beyond).wrong is not None
    lower = torch.tensor([60000.0, -60000.0, 1.0], dtype=torch.float16)
    assert compare(expect(lower, lower.double()), beyond).wrong is not None
    assert compare(expect(beyond, beyond.double()), x).wrong is not None


def test_a_more_exact_kernel_is_right_where_the_reference_rounds_on_its_way():
    # bfloat16 all along, as eager PyTorch computes it, against one rounding at the end.
    torch.manual_seed(3)
    x, y = torch.randn(64, 64).bfloat16(), torch.randn(64, 64).bfloat16()
    declared = (x * y + x) * y - x
    wide = (x.double() * y.double() + x.double()) * y.double() - x.double()
    fused = ((x.float() * y.float() + x.float()) * y.float() - x.float()).bfloat16()
    assert compare(expect(declared, wide), fused).wrong is None
    assert compare(expect(declared, wide), fused * 1.1).wrong is not None


def test_a_long_float32_sum_may_be_added_in_another_order():
    torch.manual_seed(4)
    x = torch.randn(32, 100_000)
    declared = x.sum(dim=1)
    wide = x.double().sum(dim=1)
    chunks = x.reshape(32, 100, 1000).sum(dim=2).sum(dim=1)
    assert compare(expect(declared, wide), chunks).wrong is None


def test_float64_does_not_count_where_it_computes_something_else():
    x = torch.linspace(-2, 2, 101)
    comparison = compare(expect(x, (x * 3).double()), x.clone())
    assert comparison.outputs[0]["expected_from"] == "declared"
    assert comparison.wrong is None


def test_integers_are_compared_exactly_even_where_a_float64_cannot_hold_them():
    x = torch.tensor([2**60, 5])
    assert compare(expect(x), x + 1).wrong is not None
    assert compare(expect(x), x.clone()).wrong is None


def test_a_quantised_element_on_a_border_may_fall_to_either_side():
    declared = torch.tensor([1, 2, 3], dtype=torch.int8)
    border = torch.tensor([1, 3, 3], dtype=torch.int8)
    expected = expect(declared, declared, [border])
    assert compare(expected, torch.tensor([1, 3, 3], dtype=torch.int8)).wrong is None
    assert compare(expected, torch.tensor([2, 2, 3], dtype=torch.int8)).wrong is not None
    assert compare(expected, torch.tensor([1, 4, 3], dtype=torch.int8)).wrong is not None


def test_booleans_are_equal_or_wrong():
    x = torch.tensor([True, False])
    assert compare(expect(x, x), x.clone()).wrong is None
    assert "expected True, got False" in compare(expect(x, x), ~x).wrong


def test_complex_results_are_compared_by_their_parts():
    x = torch.tensor([1 + 2j, 3 - 1j])
    assert compare(expect(x, x.to(torch.complex128)), x.clone()).wrong is None
    assert compare(expect(x, x.to(torch.complex128)), x.conj().resolve_conj()).wrong is not None


def test_zeros_do_not_pass_under_an_absolute_tolerance():
    x = torch.full((100,), 2e-5)
    assert compare(expect(x, x.double()), torch.zeros(100)).wrong is not None


def test_an_input_that_the_reference_leaves_alone_must_stay_the_same_to_the_bit():
    x = torch.ones(4)
    touched = x.clone()
    touched[2] += 1e-7
    wide = (x.double(),)
    assert "leaves alone" in compare_inputs(expect((x,), wide), (touched,), [True]).wrong
    assert compare_inputs(expect((x,), wide), (x.clone(),), [True]).wrong is None


def test_what_the_reference_changes_in_place_is_an_output():
    x = torch.ones(4)
    comparison = compare_inputs(expect((x,), (x.double(),)), (torch.zeros(4),), [False])
    assert comparison.wrong.startswith("input after the call [0] differs")
    assert len(comparison.outputs) == 1


@pytest.mark.parametrize("part", [1, 3, 7, 1 << 24])
def test_a_result_is_the_same_in_parts_of_any_size(monkeypatch, part):
    monkeypatch.setattr(elements, "PART", part)
    torch.manual_seed(5)
    declared = torch.randn(5, 4).half()
    wide = declared.double() + 1e-4 * torch.randn(5, 4)
    got = declared.clone()
    got[3, 2] += 1
    got[4, 1] = float("nan")
    comparison = compare(expect(declared, wide), got)
    (output,) = comparison.outputs
    assert (output["mismatched"], output["first_mismatch"]["index"]) == (2, [3, 2])
    assert output["expected_from"] == "float64"
    assert output["max_abs_error"] == pytest.approx(1, abs=1e-2)
    assert "1 are NaN" in comparison.wrong
    assert compare(expect(declared, wide), declared.clone()).wrong is None


def test_attention_in_half_precision_is_held_to_float64_where_its_terms_cancel():
    query, key, value = (torch.randn(8, 96, 16, dtype=torch.float16) for _ in range(3))

    def attend(query, key, value):
        return torch.softmax(query @ key.transpose(1, 2) * 0.25, dim=-1) @ value

    declared = attend(query, key, value)
    wide = attend(query.double(), key.double(), value.double())
    exact = compare(expect(declared, wide), wide.half())
    assert exact.wrong is None
    assert exact.outputs[0]["expected_from"] == "float64"
    # A tenth of the typical element is no rounding.
    assert compare(expect(declared, wide), (wide + 0.1 * wide.std()).half()).wrong is not None


def test_a_wide_result_of_half_precision_inputs_may_be_as_inexact_as_they_are():
    x, y = torch.randn(64, 40, dtype=torch.float16), torch.randn(40, 64, dtype=torch.float16)
    declared = torch.tanh((x @ y).float() / 30)
    wide = torch.tanh((x.double() @ y.double()) / 30)
    # Rounded to float16 on the way, as the reference's product is, but now and then to the other side.
    other = torch.tanh((x.float() @ y.float()).half().float() / 30)
    assert compare(expect(declared, wide, inputs=(torch.float16,)), other).wrong is None
    assert compare(expect(declared, wide, inputs=(torch.float16,)), wide.float()).wrong is None
    assert compare(expect(declared, wide, inputs=(torch.float16,)), wide.float() * 1.01).wrong is not None


def test_a_result_that_is_exact_in_float32_must_be_so_whatever_its_inputs_are():
    x = torch.randn(4000, dtype=torch.float16)
    declared, wide = torch.exp(x.float()), torch.exp(x.double())
    assert compare(expect(declared, wide, inputs=(torch.float16,)), torch.exp(x).float()).wrong is not None


def test_a_long_sum_may_be_added_up_in_any_order():
    x, y = torch.randn(24, 2000), torch.randn(2000, 24)
    declared, wide = x @ y, x.double() @ y.double()
    in_turn = torch.zeros(24, 24)
    for k in range(2000):
        in_turn += x[:, k : k + 1] * y[k]
    assert compare(expect(declared, wide), in_turn).wrong is None
    # Operands rounded to TF32's eleven bits err much more than any order of the sum.
    narrow = (x.view(torch.int32) & ~0x1FFF).view(torch.float32)
    assert compare(expect(declared, wide), narrow @ y).wrong is not None


def test_a_later_call_may_err_a_little_more_and_a_stale_one_is_found():
    x = torch.randn(2000)
    declared, wide = torch.exp(x), torch.exp(x.double())
    near = (wide + 1.5 * (1e-5 + 1.3e-6 * wide)).float()
    assert compare(expect(declared, wide), near).wrong is not None
    assert compare(expect(declared, wide), near, slack=LATER_CALLS).wrong is None
    assert compare(expect(declared, wide), declared.roll(1), slack=LATER_CALLS).wrong is not None


def test_what_is_left_where_terms_cancel_is_as_inexact_as_the_terms():
    wide = torch.randn(4096, dtype=torch.float64) * 50
    wide[7] = 1.4
    # The reference happens to be exact.
    declared = wide.float().double().float()
    got = declared.clone()
    got[7] += 2e-5
    assert compare(expect(declared, wide), got).wrong is None
    got[7] += 2e-3
    assert compare(expect(declared, wide), got).wrong is not None


def test_a_few_huge_elements_excuse_no_others():
    wide = torch.rand(4096, dtype=torch.float64) + 0.5
    wide[:16] = 1e9
    got = wide.float()
    got[100] += 1e-3
    assert compare(expect(wide.float(), wide), got).wrong is not None


def test_numbers_of_16_bits_may_be_rounded_to_16_bits_on_the_way():
    weights = torch.softmax(torch.randn(64, 200, dtype=torch.float64), -1)
    values = torch.randn(200, 32).half()
    wide = weights @ values.double()
    declared = wide.half()
    got = (weights.half().double() @ values.double()).half()
    assert compare(expect(declared, wide, inputs=(torch.float16,)), got).wrong is not None
    steps = [
        1 + (torch.rand(values.shape, dtype=torch.float64) - 0.5) * torch.finfo(torch.float16).eps
        for _ in range(3)
    ]
    moved = [weights @ (values.double() * step) for step in steps]
    expected = Expected(declared, wide, [], (torch.float16,), moved)
    assert compare(expected, got).wrong is None
    coarse = (weights.to(torch.float8_e4m3fn).double() @ values.double()).half()
    assert compare(expected, coarse).wrong is not None


def test_zeros_are_wrong_where_all_of_an_output_is_below_the_absolute_tolerance():
    shares = torch.softmax(torch.randn(400_000), -1)
    assert compare(expect(shares, shares.double()), torch.zeros_like(shares)).wrong
    assert compare(expect(shares), torch.full_like(shares, 1 / 400_000)).wrong
    near = shares * (1 + 1e-6)
    assert compare(expect(shares, shares.double()), near).wrong is None


def test_small_outputs_of_float16_may_differ_by_their_own_step():
    small = torch.rand(1000, dtype=torch.float64) * 2e-6
    run = small.half()
    assert compare(expect(run, small), (small * (1 + 2e-3)).half()).wrong is None


def test_results_elsewhere_may_be_too_small_to_tell_from_zero():
    tiny = torch.rand(100) * 1e-30
    assert compare(expect(tiny), torch.zeros(100), slack=20.0).wrong is None


@pytest.mark.parametrize("wide", [True, False])
def test_a_later_call_may_not_give_zeros_however_small_its_outputs_are(wide):
    tiny = 1e-6 * torch.randn(500, dtype=torch.float64)
    expected = expect(tiny.float(), tiny if wide else None)
    assert "differs at" in compare(expected, torch.zeros(500), slack=LATER_CALLS).wrong
    assert compare(expected, (tiny * 1.05).float(), slack=LATER_CALLS).wrong is None


def test_a_later_call_may_round_what_is_left_in_float16_to_either_side():
    step = torch.finfo(torch.float16).smallest_normal * torch.finfo(torch.float16).eps
    wide = step * (torch.arange(64, dtype=torch.float64) % 3 + 0.49)
    expected = Expected(wide.half(), wide, [], (torch.float16,))
    assert compare(expected, (wide + 0.02 * step).half(), slack=LATER_CALLS).wrong is None


def test_numbers_elsewhere_may_be_so_large_that_a_right_kernel_overflows():
    huge = torch.tensor([1.0, 2e34, 3.0])
    got = torch.tensor([1.0, float("nan"), 3.0])
    assert compare(expect(huge, huge.double()), got, slack=20.0).wrong is None
    assert compare(expect(huge, huge.double()), got, slack=LATER_CALLS).wrong is not None
    assert compare(expect(huge, huge.double()), torch.tensor([1.0, 2e34, 9.0]), slack=20.0).wrong is not None


def small(wide, got, dtype=torch.float32, **others):
    expected = Expected(wide.to(dtype), wide, [], (dtype,), **others)
    return compare(expected, got.to(dtype), slack=20.0, small=True).wrong


def test_where_inputs_were_made_small_zeros_are_wrong():
    wide = 1e-4 * torch.randn(500, dtype=torch.float64)
    assert "differs at" in small(wide, torch.zeros(500))
    assert "differs at" in small(wide, torch.where(wide.abs() < 2e-4, 0.0, wide))
    assert small(wide, wide * 1.05) is None


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_where_no_more_than_rounding_may_be_left_they_are_not(dtype):
    wide = (3e-5 if dtype is torch.float16 else 1e-6) * torch.randn(500, dtype=torch.float64)
    assert small(wide, torch.zeros(500), dtype) is None
    assert small(torch.tensor([1e-4], dtype=torch.float64), torch.zeros(1), dtype) is None


def test_a_small_element_on_a_border_may_fall_to_either_side():
    wide = 1e-4 * (1 + torch.rand(500, dtype=torch.float64))
    jumped = wide.clone()
    jumped[:3] = 0
    assert small(wide, jumped) is not None
    assert small(wide, jumped, nudged=[wide, jumped]) is None
