"""Inputs above zero that a reference only divides by."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.call import Arguments
from fusewright_harness.divisors import divisors, kept_above_zero

X = torch.randn(6, 8)
ABOVE = torch.rand(6) + 0.5


def found(reference, *values):
    return divisors(lambda arguments: arguments.call(reference), Arguments(values, {}))


@pytest.mark.parametrize(
    "reference",
    [
        lambda x, t: torch.softmax(x / t.unsqueeze(1), dim=-1),
        lambda x, t: x / t[:, None].float() + (x / t.to(torch.float64)[:, None]).float(),
        lambda x, t: torch.round(x / t.view(-1, 1).expand(6, 8)),
        lambda x, t: x.clone().div_(t.reshape(6, 1)),
    ],
)
def test_what_only_divides_is_one(reference):
    assert found(reference, X, ABOVE) == [1]


@pytest.mark.parametrize(
    "reference",
    [
        lambda x, t: x / t.abs()[:, None],
        lambda x, t: x * t[:, None],
        lambda x, t: x / t[:, None] + t[:, None],
        lambda x, t: torch.relu(t) + x.sum(),
        lambda x, t: t[:, None] / x,
    ],
)
def test_what_is_used_otherwise_is_none(reference):
    assert found(reference, X, ABOVE) == []


def test_what_has_both_signs_is_none():
    assert found(lambda x, t: x / t[:, None], X, torch.tensor([1.0, -1.0, 2.0, 1.0, 1.0, 1.0])) == []


def test_a_variant_keeps_it_above_zero():
    x, t = kept_above_zero((X, -ABOVE), [1])
    assert torch.equal(x, X)
    assert torch.equal(t, ABOVE)
