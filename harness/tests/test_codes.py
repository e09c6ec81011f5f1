"""Values that a reference asks for, found and put into its inputs."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

from fusewright_harness.call import Arguments
from fusewright_harness.codes import asked_codes, ignored_whole, with_code

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


@pytest.mark.parametrize(
    ("reference", "labels", "numbers"),
    [
        (lambda x, t: x * (t != -100), T[:9].clone().index_fill_(0, torch.tensor([1]), -100), [1]),
        (lambda x, t: x[:9] * (t == -100), T[:9], [1]),
        (lambda x, t: x * (t != -100), torch.full((9,), -100), []),
        (lambda x, t: x * (t != -1), T[:9], []),
        (lambda x, t: x * (t != -100), T[:9].float(), []),
        (lambda x, t: x * t.sum(), T[:9], []),
    ],
)
def test_labels_that_may_count_for_nothing_are_found(reference, labels, numbers):
    assert ignored_whole(lambda given: given.call(reference), Arguments((X, labels), {})) == numbers


def test_a_code_takes_the_place_of_one_row():
    labels = T.view(4, 5)
    varied, other = with_code((labels, X), 0, -100, row=True)
    assert other is X
    assert (varied == -100).all(-1).tolist() == [True, False, False, False]
    assert torch.equal(varied[1:], labels[1:])
