"""Rows of shares whose sum a reference does not rely on."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.call import Arguments
from fusewright_harness.shares import sums_of_no_account, with_larger_shares

SHARES, PLAIN = torch.softmax(torch.randn(8, 5), -1), torch.randn(8, 5)


@pytest.mark.parametrize(
    ("reference", "numbers"),
    [
        (lambda p, x: (p / p.sum(-1, keepdim=True) * x).sum(-1), [0]),
        (lambda p, x: (p * x).sum(-1), []),
        (lambda p, x: torch.log(p) + x, []),
        (lambda p, x: x[int(p.sum()) - 8 :], []),
    ],
)
def test_what_any_multiple_gives_is_asked_of_shares_alone(reference, numbers):
    assert sums_of_no_account(lambda given: given.call(reference), Arguments((SHARES, PLAIN), {})) == numbers


def test_only_the_tensors_that_are_named_become_larger():
    before = SHARES.clone()
    larger, plain = with_larger_shares((SHARES, PLAIN), [0])
    assert torch.equal(SHARES, before)
    assert torch.equal(larger, 3 * SHARES)
    assert torch.equal(plain, PLAIN)
