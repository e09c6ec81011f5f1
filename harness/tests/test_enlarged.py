"""A second batch, and more heads than share their keys."""

from __future__ import annotations

import torch

from fusewright_harness.enlarged import has_one_batch, with_more_groups, with_two_batches


def test_one_batch_is_that_of_the_largest_tensors():
    assert has_one_batch((torch.ones(1, 4, 5), torch.ones(5)))
    assert not has_one_batch((torch.ones(3, 4, 5), torch.ones(1, 4, 5)))
    assert not has_one_batch((torch.ones(1), 3))


def test_the_second_batch_has_other_contents():
    x = torch.randn(1, 4, 5)
    both, largest = with_two_batches(((x, torch.randn(1, 4)), {}))
    assert [tuple(tensor.shape) for tensor in both[0]] == [(2, 4, 5), (2, 4)]
    assert [tuple(tensor.shape) for tensor in largest[0]] == [(2, 4, 5), (1, 4)]
    assert torch.equal(both[0][0][:1], x)
    assert not torch.equal(both[0][0][1:], x)


def test_heads_are_doubled_where_others_divide_them():
    query, key = torch.randn(2, 8, 4, 5), torch.randn(2, 2, 4, 5)
    shapes = [tuple(varied[0].shape) for varied in with_more_groups((query, key))]
    assert shapes == [(4, 8, 4, 5), (2, 16, 4, 5)]
    assert list(with_more_groups((query, torch.randn(5)))) == []
    assert list(with_more_groups((torch.randn(3, 4), torch.randn(3, 4)))) == []
