"""Mixtures of two seeds' inputs."""

from __future__ import annotations

import torch

from fusewright_harness.mixing import mix


def test_every_element_is_one_of_the_two_seeds():
    first, second = torch.randn(64, 64), torch.randn(64, 64)
    mixture = mix(((first,), {}), ((second,), {}), 7)[0][0]
    from_first = mixture == first
    assert (from_first | (mixture == second)).all()
    assert 0.4 < from_first.double().mean() < 0.6


def test_a_seed_gives_the_same_mixture_again_and_another_seed_another():
    first, second = torch.randn(256), torch.randn(256)
    assert torch.equal(mix(first, second, 1), mix(first, second, 1))
    assert not torch.equal(mix(first, second, 1), mix(first, second, 2))


def test_the_seeds_themselves_stay_as_they_are():
    first, second = torch.zeros(100), torch.ones(100)
    mix(first, second, 3)
    assert first.sum() == 0
    assert second.sum() == 100


def test_whole_numbers_and_masks_are_the_first_seeds():
    first = {"index": torch.arange(50), "mask": torch.rand(50) > 0.5, "x": torch.randn(50)}
    second = {"index": torch.arange(50).flip(0), "mask": torch.rand(50) > 0.5, "x": torch.randn(50)}
    mixture = mix(first, second, 5)
    assert torch.equal(mixture["index"], first["index"])
    assert torch.equal(mixture["mask"], first["mask"])
    assert not torch.equal(mixture["x"], first["x"])


def test_views_of_one_storage_still_share_it():
    base, other = torch.randn(10, 10), torch.randn(10, 10)
    left, right = mix((base, base.t()), (other, other.t()), 5)
    assert left.data_ptr() == right.data_ptr()
    assert torch.equal(left.t(), right)


def test_seeds_of_other_sizes_are_not_mixed():
    first = torch.randn(10)
    assert torch.equal(mix(first, torch.randn(12), 5), first)
    assert torch.equal(mix(first, [torch.randn(10), torch.randn(3)], 5), first)


def test_parameters_that_require_gradients_can_be_mixed():
    first = torch.randn(200, requires_grad=True)
    mixture = mix(first, torch.randn(200), 5)
    assert mixture.requires_grad
    assert mixture.is_leaf
