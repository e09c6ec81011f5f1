"""Values that a reference asks for, found and put into its inputs."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

from fusewright_harness.call import Arguments
from fusewright_harness.codes import asked_codes, with_code

X, T = torch.randn(20, 9), torch.randint(1, 9, (20,))


@pytest.mark.parametrize(
    ("reference", "codes"),
    [
        (lambda x, t: x[t != 0], [(1, 0)]),
        (lambda x, t: torch.where(x == 0.0, 1.0, x.sin() / x) + t.sum(), [(0, 0.0)]),
        (lambda x, t: cross_entropy(x, t, ignore_index=0), [(1, 0)]),
        (lambda x, t: cross_entropy(x, t), []),
        (lambda x, t: x * (t == int(T[0]))[:, None], []),
        (lambda x, t: x * ((x > 0) == 1) + t[:, None], []),
    ],
)
def test_codes_that_the_inputs_lack_are_found(reference, codes):
    assert asked_codes(lambda given: given.call(reference), Arguments((X, T), {})) == codes


def test_a_code_takes_the_place_of_some_elements():
    varied, other = with_code((T, X), 0, 0)
    assert other is X
    assert varied[0] == varied[-1] == 0
    assert 2 <= int((varied == 0).sum()) < 20
    assert torch.equal(varied[varied != 0], T[varied != 0])
