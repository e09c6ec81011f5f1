"""Calls that draw random numbers, and those that do not."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from fusewright_harness.call import Arguments
from fusewright_harness.randomness import draws_numbers


def asked(function):
    return draws_numbers(lambda given: given.call(function), Arguments((torch.randn(8, 8),), {}))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x + 1e-9 * torch.randn_like(x),
        lambda x: functional.dropout(x, 1e-6),
        lambda x: x[torch.randperm(8)],
    ],
)
def test_random_numbers_are_found_however_little_they_change(function):
    assert asked(function)


@pytest.mark.parametrize(
    "function",
    [
        torch.relu,
        lambda x: functional.dropout(x, 0.5, training=False),
        lambda x: functional.scaled_dot_product_attention(x, x, x),
        lambda x: x + torch.rand(8, generator=torch.Generator().manual_seed(3)),
    ],
)
def test_others_are_left_alone(function):
    assert not asked(function)
