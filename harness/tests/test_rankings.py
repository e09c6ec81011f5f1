"""Places that a reference names by rank, where numbers are equal."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.call import Arguments
from fusewright_harness.rankings import goes_by_rank, ranked_outputs, settle, with_ties

X = torch.tensor([[1.0, 3.0, 3.0, 2.0], [5.0, 5.0, 5.0, 4.0]])


def ranked_by(reference):
    return ranked_outputs(lambda given: given.call(reference), Arguments((torch.randn(6, 9),), {}))


@pytest.mark.parametrize(
    ("reference", "places"),
    [
        (lambda x: x.argmax(-1), [(0, 1)]),
        (lambda x: (x.sum(), x.argmin(0, keepdim=True).int()), [(1, 0)]),
        (lambda x: x.argmax(), [(0, 0)]),
        (lambda x: torch.topk(x, 3, dim=0), [(1, 0)]),
        (lambda x: torch.sort(x, descending=True)[1][:, :4], [(0, 1)]),
        (lambda x: x.max(dim=-1).values, []),
    ],
)
def test_outputs_that_name_places_are_found(reference, places):
    found = ranked_by(reference)
    assert [(number, axis % source.ndim) for number, source, axis in found] == places


@pytest.mark.parametrize(
    "reference",
    [
        lambda x: x.relu(),
        lambda x: x.argmax(-1) + 1,
        lambda x: x.gather(1, x.argmax(-1, keepdim=True)),
        lambda x: x[x.argsort(0)[:, 0]],
    ],
)
def test_nothing_is_asked_where_a_result_depends_on_the_place_named(reference):
    assert ranked_by(reference) is None


def test_of_equal_elements_any_may_be_named():
    ranked = [(1, X, -1)]
    declared = (X.amax(-1), torch.tensor([1, 0]))
    sentence, settled = settle(declared, (X.amax(-1), torch.tensor([2, 2])), ranked)
    assert sentence is None
    assert settled[1].tolist() == [1, 0]


@pytest.mark.parametrize("wrong", [[0, 0], [1, 3], [3, 0], [1, 4], [-1, 0]])
def test_a_smaller_element_and_none_at_all_are_blamed(wrong):
    sentence, _result = settle(torch.tensor([1, 0]), torch.tensor(wrong), [(0, X, -1)])
    assert sentence is not None
    assert "at 1 of 2 places" in sentence


def test_no_element_is_named_twice():
    declared = torch.tensor([[1, 2], [0, 1]])
    assert settle(declared, torch.tensor([[2, 1], [2, 0]]), [(0, X, 1)])[0] is None
    assert "at 1 of 4 places" in settle(declared, torch.tensor([[2, 1], [2, 2]]), [(0, X, 1)])[0]


def test_what_has_another_form_is_left_to_the_comparison():
    got = torch.tensor([1, 0, 0])
    assert settle(torch.tensor([1, 0]), got, [(0, X, -1)]) == (None, got)


def test_rounded_inputs_have_equal_numbers_in_their_range():
    x, index = torch.rand(40, 50), torch.arange(40)
    rounded, same = with_ties((x, index))
    assert rounded.unique().numel() < 20
    assert float(x.min()) <= float(rounded.min())
    assert float(rounded.max()) <= float(x.max())
    assert torch.equal(same, index)


@pytest.mark.parametrize(
    ("reference", "by_rank"),
    [
        (lambda x: torch.zeros_like(x).scatter(-1, (r := x.sort(descending=True))[1], r[0].cumsum(-1)), True),
        (lambda x: x.gather(-1, x.argmax(-1, keepdim=True)), True),
        (lambda x: x.sort(-1).values.cumsum(-1), False),
        (lambda x: x.topk(3).indices, False),
        (lambda x: x.softmax(-1), False),
    ],
)
def test_what_is_computed_with_places_by_rank_is_known(reference, by_rank):
    given = Arguments((torch.randn(5, 20),), {})
    assert goes_by_rank(lambda arguments: arguments.call(reference), given) is by_rank
