"""Mixtures of two seeds' inputs."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness import mixing
from fusewright_harness.case import new_seed
from fusewright_harness.mixing import Mixer, mix
from fusewright_harness.slices import whole_from

SEED = 0x2A6F_31C8_97D4_1B35


def test_every_element_is_one_of_the_two_seeds():
    first, second = torch.randn(64, 64), torch.randn(64, 64)
    mixture = mix(((first,), {}), ((second,), {}), 7)[0][0]
    from_first = mixture == first
    assert (from_first | (mixture == second)).all()
    assert 0.4 < from_first.double().mean() < 0.6


def test_a_seed_gives_the_same_mixture_again_and_another_seed_another():
    first, second = torch.randn(256), torch.randn(256)
    assert torch.equal(mix(first, second, SEED), mix(first, second, SEED))
    assert not torch.equal(mix(first, second, SEED), mix(first, second, new_seed()))


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


def mixed(draw):
    """Two draws, and mixtures of them."""
    first, second = draw(), draw()
    return first, second, [mix(first, second, new_seed()) for _ in range(4)]


def both(first, second, mixture):
    """Whether a mixture has elements of both."""
    return not torch.equal(mixture, first) and not torch.equal(mixture, second)


def rotary():
    angles = torch.rand(3, 20, 1) * torch.rand(16)
    return torch.cat((angles, angles), dim=-1).cos()


def test_what_repeats_itself_still_does():
    first, second, mixtures = mixed(rotary)
    assert all(torch.equal(mixture[..., :16], mixture[..., 16:]) for mixture in mixtures)
    assert all(both(first, second, mixture) for mixture in mixtures)
    _first, _second, mixtures = mixed(lambda: torch.randn(2, 1, 9, 4).expand(2, 5, 9, 4).contiguous())
    assert all(torch.equal(mixture[:, 0], mixture[:, 4]) for mixture in mixtures)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_rows_that_mean_something_as_a_whole_stay_whole(dtype):
    def one_hot():
        return torch.nn.functional.one_hot(torch.randint(0, 10, (40,)), 10).to(dtype)

    def shares():
        return torch.randn(40, 33).softmax(-1).to(dtype)

    def directions():
        return torch.nn.functional.normalize(torch.randn(40, 64), dim=-1).to(dtype)

    def steps():
        return torch.rand(40, 33).to(dtype).sort(-1).values

    for draw in (one_hot, shares, directions, steps):
        first, second, mixtures = mixed(draw)
        for mixture in mixtures:
            from_first = (mixture == first).all(-1)
            assert (from_first | (mixture == second).all(-1)).all(), draw
            assert 5 < int(from_first.sum()) < 38, draw


def test_symmetric_matrices_stay_whole():
    def gram():
        half = torch.randn(12, 30, 30)
        # Each half has roundings of its own.
        return (half + half.transpose(-1, -2)) * (1 + 1e-7 * torch.randn(12, 30, 30))

    first, second, mixtures = mixed(gram)
    for mixture in mixtures:
        from_first = (mixture == first).all(-1).all(-1)
        assert (from_first | (mixture == second).all(-1).all(-1)).all()
        assert 0 < int(from_first.sum()) < 12
    first, second, mixtures = mixed(lambda: torch.randn(30, 30))
    assert all(both(first, second, mixture) for mixture in mixtures)


def test_a_mixer_makes_one_mixture_after_another():
    first, second = (
        (torch.randn(50, 3), torch.randn(40).softmax(0)),
        (torch.randn(50, 3), torch.randn(40).softmax(0)),
    )
    mixer = Mixer(first, second)
    for seed in range(4):
        for one, other in zip(mixer.mixture(seed), mix(first, second, seed), strict=True):
            assert torch.equal(one, other)


def test_what_has_a_sum_along_the_first_dimension_comes_from_one_draw():
    first, second, mixtures = mixed(lambda: torch.randn(33, 20).softmax(0))
    assert not any(both(first, second, mixture) for mixture in mixtures)
    first, second, mixtures = mixed(lambda: torch.rand(50).sort().values)
    assert not any(both(first, second, mixture) for mixture in mixtures)
    assert {torch.equal(mix(first, second, new_seed()), first) for _ in range(30)} == {True, False}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("shape", [(100_000, 2), (100_000, 8), (2, 100_000), (300_000,), (4, 3, 5), (60, 70)])
def test_numbers_drawn_one_by_one_are_mixed_one_by_one(shape, dtype):
    for draw in (torch.randn, torch.rand):
        first, second = draw(shape).to(dtype), draw(shape).to(dtype)
        assert whole_from(first, second) == len(shape)
        differing = first != second
        share = (mix(first, second, SEED) == first)[differing].double().mean()
        assert 0.2 < share < 0.8


def test_a_mixture_made_in_parts_is_the_same(monkeypatch):
    first, second = torch.randn(1000), torch.randn(1000)
    whole = mix(first, second, SEED)
    monkeypatch.setattr(mixing, "_KEPT", 100)
    monkeypatch.setattr(mixing, "_PART", 64)
    assert torch.equal(mix(first, second, SEED), whole)


def test_coins_are_fair_and_know_nothing_of_each_other():
    first, second = torch.randn(40_000), torch.randn(40_000)
    seeds = [new_seed() for _ in range(16)]
    taken = torch.stack([mix(first, second, seed) == first for seed in seeds]).double()
    assert 0.48 < taken.mean() < 0.52
    assert (torch.corrcoef(taken) - torch.eye(16)).abs().max() < 0.03
    neighbours = torch.corrcoef(torch.stack((taken[0, :-1], taken[0, 1:])))
    assert neighbours[0, 1].abs() < 0.03
    # Numbers that are alike in most of their bits have coins of their own as well.
    near = 1 + torch.randperm(40_000) * 2**-23
    taken = torch.stack([mix(near, near + 1, seed) == near for seed in seeds[:8]]).double()
    assert ((taken.mean(1) - 0.5).abs() < 0.02).all()
    assert torch.corrcoef(torch.stack((taken[0, :-1], taken[0, 1:])))[0, 1].abs() < 0.03
