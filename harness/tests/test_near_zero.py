"""What is said of log1p and expm1 by their formulas, near zero."""

from __future__ import annotations

import torch

from fusewright_harness.call import Arguments
from fusewright_harness.compare import Expected
from fusewright_harness.near_zero import (
    A_FEW_STEPS,
    FAR_BELOW_A_STEP,
    by_formulas,
    computes_by_formula,
    near_zero,
    speaks_of_near_zero,
)


def judged(reference, candidate, *given, by=A_FEW_STEPS):
    """What is said of ``candidate`` beside ``reference``, both plain functions of tensors."""
    value = near_zero((given, {}), by)
    inputs = Arguments.from_value(value)
    formulas = by_formulas(lambda arguments: arguments.call(reference), inputs, plain=by == FAR_BELOW_A_STEP)
    if formulas is None:
        return None
    wide = reference(*(tensor.double() for tensor in inputs.positional))
    expected = Expected(inputs.call(reference), wide, [])
    return computes_by_formula(expected, formulas, inputs.call(candidate))


def test_the_formulas_are_told_from_the_functions():
    x, w = torch.randn(50, 40), torch.randn(40)
    assert "log1p" in judged(lambda x, w: torch.log1p(x) * w, lambda x, w: torch.log(1 + x) * w, x, w)
    assert "expm1" in judged(lambda x: torch.expm1(x).sum(-1), lambda x: (torch.exp(x) - 1).sum(-1), x)
    assert judged(lambda x: torch.log1p(x), lambda x: torch.log1p(x), x) is None


def test_far_below_a_step_nothing_is_left_of_an_exponential_less_one():
    x, w = torch.randn(50, 40), torch.randn(40)

    def growth(x, w):
        return (torch.expm1(x) * w).sum(-1)

    def formula(x, w):
        return ((torch.exp(x) - 1) * w).sum(-1)

    assert "expm1" in judged(growth, formula, x, w, by=FAR_BELOW_A_STEP)
    assert judged(growth, growth, x, w, by=FAR_BELOW_A_STEP) is None


def test_what_another_operator_may_have_lost_is_not_laid_to_it():
    x = torch.randn(2000)

    def vanishing(x):
        return torch.expm1(x) * ((torch.exp(2 * x) - 1) / (torch.exp(2 * x) + 1))

    for by in (A_FEW_STEPS, FAR_BELOW_A_STEP):
        assert judged(lambda x: torch.expm1(x) * torch.tanh(x), vanishing, x, by=by) is None


def test_other_errors_near_zero_are_not_taken_for_them():
    x = torch.randn(2000)
    # This tanh loses as many digits, and others.
    inexact = judged(
        lambda x: torch.log1p(torch.tanh(x)),
        lambda x: torch.log1p((torch.exp(2 * x) - 1) / (torch.exp(2 * x) + 1)),
        x,
    )
    assert inexact is None


def test_formulas_that_lose_nothing_are_right():
    x = torch.randn(2000)
    softplus = judged(lambda x: torch.log1p(torch.exp(x)), lambda x: torch.log(1 + torch.exp(x)), x)
    assert softplus is None
    assert judged(torch.log1p, lambda x: torch.log(1 + x), x.double()) is None


def test_only_a_text_with_the_functions_is_asked():
    value = ((torch.randn(4),), {})
    assert speaks_of_near_zero("torch.log1p(x)", value)
    assert not speaks_of_near_zero("torch.log(1 + x)", value)
    assert not speaks_of_near_zero("torch.log1p(x)", ((torch.randn(4).half(),), {}))
    assert by_formulas(lambda arguments: arguments.call(torch.log), Arguments.from_value(value)) is None
