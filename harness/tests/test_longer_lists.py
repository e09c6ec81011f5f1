"""One more tensor in each list, and what goes with each tensor."""

from __future__ import annotations

import torch

from fusewright_harness.longer_lists import has_lists, with_longer_lists


def test_lists_of_tensors_become_longer_together():
    value = (([torch.ones(3), torch.arange(3.0)], [torch.zeros(2), torch.zeros(2)], [torch.ones(1)]), {})
    assert has_lists(value)
    for (first, second, single), _named in with_longer_lists(value):
        assert [len(first), len(second), len(single)] == [3, 3, 1]
        assert first[2].tolist() == [2.0, 1.0, 0.0]
    assert not has_lists(((torch.ones(3), [1, 2]), {}))


def test_what_has_as_many_parts_becomes_longer_too_and_is_left_alone_where_that_is_refused():
    value = (([torch.ones(3), torch.ones(4)], [0.5, 2.0], [7], torch.tensor([1.0, 2.0]), torch.ones(3)), {})
    grown, lists, alone = with_longer_lists(value)
    assert grown[0][1] == lists[0][1] == [0.5, 2.0, 2.0]
    assert grown[0][3].tolist() == [1.0, 2.0, 2.0]
    assert lists[0][3].tolist() == [1.0, 2.0]
    assert alone[0][1] == [0.5, 2.0]
    for (tensors, _scales, other, _each, plain), _named in (grown, lists, alone):
        assert [len(tensors), other, plain.shape] == [3, [7], (3,)]
