"""What rounding errors alone move far is no fault of a right kernel; all else still is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional

from fusewright_harness.borders import Borders
from fusewright_harness.compare import Comparison, Expected, compare
from fusewright_harness.elements import Elements
from fusewright_harness.nudge import Nudged

ELSEWHERE = 20.0


def nudged_runs(function: Callable[..., Any], inputs: tuple[torch.Tensor, ...], ties: bool) -> list[Any]:
    """Runs of ``function`` in float64 whose operators err, as the reference makes them."""
    runs = []
    for pattern in range(4):
        for direction in (1.0, -1.0):
            generator = torch.Generator().manual_seed(pattern)
            wide = [tensor.double() if tensor.is_floating_point() else tensor.clone() for tensor in inputs]
            with Nudged(generator, direction, torch.float32, ties):
                runs.append(function(*wide))
    return runs


def judged(
    function: Callable[..., Any], inputs: tuple[torch.Tensor, ...], got: Any, slack: float = 1.0
) -> tuple[Comparison, Comparison]:
    """What is found without and with the nudged runs."""
    wide = function(*(tensor.double() if tensor.is_floating_point() else tensor for tensor in inputs))
    dtypes = tuple({tensor.dtype for tensor in inputs})
    expected = Expected(function(*inputs), wide, [], dtypes)
    before = compare(expected, got, slack=slack)
    expected.nudged = nudged_runs(function, inputs, ties=slack > 1)
    return before, compare(expected, got, slack=slack)


def quantised(weight: torch.Tensor) -> torch.Tensor:
    scale = weight.abs().amax(1, keepdim=True) / 127
    return torch.clamp(torch.round(weight / scale), -128, 127) * scale


def by_the_inverse(weight: torch.Tensor) -> torch.Tensor:
    inverse = 127 / weight.float().abs().amax(1, keepdim=True)
    return (torch.clamp(torch.round(weight.float() * inverse), -128, 127) / inverse).to(weight.dtype)


def on_a_step() -> torch.Tensor:
    """Weights some of which lie so near between two steps that the inverse scale tips them."""
    generator = torch.Generator().manual_seed(5)
    weight = torch.randn(64, 512, generator=generator)
    scale = weight.abs().amax(1, keepdim=True) / 127
    halves = (torch.randint(-100, 100, (64, 8), generator=generator) + 0.5) * scale
    weight[:, :8] = halves
    return weight


def test_a_quantisation_may_take_the_step_on_the_other_side() -> None:
    weight = on_a_step()
    before, after = judged(quantised, (weight,), by_the_inverse(weight))
    assert before.wrong is not None
    assert after.wrong is None


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_kernel_that_widens_16_bits_may_keep_what_the_reference_drops(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(6)
    inputs = (torch.randn(100, 300, generator=generator).to(dtype),)

    def kept(x: torch.Tensor) -> torch.Tensor:
        return functional.hardshrink(functional.layer_norm(x, (300,)), 0.5)

    before, after = judged(kept, inputs, kept(inputs[0].float()).to(dtype))
    assert dtype is torch.bfloat16 or before.wrong is not None
    assert after.wrong is None


def test_a_wrong_step_is_wrong() -> None:
    weight = on_a_step()
    wrong = by_the_inverse(weight)
    wrong[3, 100:140] += weight[3].abs().max() / 127
    _before, after = judged(quantised, (weight,), wrong)
    assert after.wrong is not None
    assert after.outputs[0]["mismatched"] == 40


def test_what_lies_on_a_border_may_not_be_anything() -> None:
    weight = on_a_step()
    wrong = by_the_inverse(weight)
    wrong[:, :8] += 3 * weight.abs().amax(1, keepdim=True) / 127
    _before, after = judged(quantised, (weight,), wrong)
    assert after.wrong is not None
    assert after.outputs[0]["mismatched"] == 64 * 8


def test_equal_values_may_come_in_any_order_elsewhere() -> None:
    generator = torch.Generator().manual_seed(7)
    scores = torch.randn(30, 16, generator=generator)
    scores[:, 4] = 300.0

    def chosen(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        values, order = torch.topk(torch.softmax(x, -1), 2)
        return values, order.int()

    values, order = chosen(scores)
    order[:, 1] = torch.where(order[:, 1] == 0, 15, 0)
    before, after = judged(chosen, (scores,), (values, order), ELSEWHERE)
    assert before.wrong is not None
    assert after.wrong is None


def test_a_stable_sort_has_one_order() -> None:
    scores = torch.zeros(4, 6)
    scores[:, 2] = 1.0

    def ordered(x: torch.Tensor) -> torch.Tensor:
        return torch.sort(x, dim=-1, stable=True).indices

    wrong = ordered(scores)
    wrong[:, 0], wrong[:, 1] = wrong[:, 1].clone(), wrong[:, 0].clone()
    _before, after = judged(ordered, (scores,), wrong, ELSEWHERE)
    assert after.wrong is not None


def test_another_index_is_wrong_where_nothing_is_near() -> None:
    generator = torch.Generator().manual_seed(8)
    scores = torch.randn(50, 20, generator=generator)

    def best(x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(x, -1).argmax(-1)

    wrong = best(scores)
    wrong[7] = (wrong[7] + 1) % 20
    for slack in (1.0, ELSEWHERE):
        _before, after = judged(best, (scores,), wrong, slack)
        assert after.wrong is not None


def test_a_chaotic_reference_excuses_nobody_at_its_own_inputs() -> None:
    generator = torch.Generator().manual_seed(9)
    seeds = torch.rand(4000, generator=generator)

    def hashed(x: torch.Tensor) -> torch.Tensor:
        return torch.frac(torch.sin(x * 12.9898) * 4375854.5453)

    _before, after = judged(hashed, (seeds,), hashed(seeds) * 0.5)
    assert after.wrong is not None


def test_infinity_is_accepted_where_a_threshold_decides_it() -> None:
    exact = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    other = exact.clone()
    other[2] = float("-inf")
    borders = Borders([Elements(exact), Elements(other)], torch.float32)
    tolerance = torch.full((6,), 1e-5, dtype=torch.float64)
    found = torch.tensor([1.0, float("-inf"), float("-inf"), 4.0, 5.0, 6.0], dtype=torch.float64)
    assert borders.allows(0, found, tolerance).tolist() == [False, False, True, False, False, False]


def test_rounding_leaves_exact_numbers_and_views_alone() -> None:
    with Nudged(torch.Generator().manual_seed(1), 1.0, torch.float32, ties=False):
        whole = torch.arange(10, dtype=torch.float64) * 3 + 1
        viewed = whole.view(2, 5).t()
        moved = torch.arange(1, 10, dtype=torch.float64) / 7
    assert torch.equal(whole, torch.arange(10, dtype=torch.float64) * 3 + 1)
    assert torch.equal(viewed, whole.view(2, 5).t())
    plain = torch.arange(1, 10, dtype=torch.float64) / 7
    inexact = plain != plain.float()
    off = (moved / plain - 1).abs()[inexact]
    assert bool((off > 1e-8).all() and (off < 1e-6).all())


def test_a_transform_may_leave_what_cancels() -> None:
    generator = torch.Generator().manual_seed(10)
    signal = torch.randn(20, 100, generator=generator) + 100.0
    places = torch.arange(100)
    phase = (places[:, None] * places % 100).float() * (2 * torch.pi / 100)
    got = torch.complex(signal @ phase.cos(), -(signal @ phase.sin()))
    # The sine of pi in float32, 50 times 100 of it.
    got.imag[:, 50] = 4.4e-4
    before, after = judged(torch.fft.fft, (signal,), got, ELSEWHERE)
    assert before.wrong is not None
    assert after.wrong is None
    got[3, 7] += 1.0
    assert judged(torch.fft.fft, (signal,), got, ELSEWHERE)[1].wrong is not None


def test_a_tanh_of_exponentials_errs_beside_nought_too():
    generator = torch.Generator().manual_seed(3)
    x = torch.full((1000,), 1e-4, dtype=torch.float64)
    with Nudged(generator, 1.0, torch.float32, False):
        tanh, sine = torch.tanh(x), torch.sin(x)
    eps = torch.finfo(torch.float32).eps
    assert eps <= float((tanh - 1e-4).abs().max()) <= 5 * eps
    assert float((sine - 1e-4).abs().max()) < eps / 100
