"""Whole numbers whose highest bit no input has, and inputs that have it."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.call import Arguments
from fusewright_harness.highest_bits import highest_bits, with_highest_bits

BYTES = torch.randint(0, 128, (200,), dtype=torch.int32) | 64
WORDS = torch.randint(0, 1 << 31, (200,)).to(torch.int32) | 1 << 30
KEYS = torch.randint(1 << 29, 1 << 30, (200,)) * torch.tensor([1, -1]).repeat(100)
TABLE = torch.randn(16)


def asked(reference, *inputs):
    return highest_bits(lambda given: given.call(reference), Arguments(inputs, {}))


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        (lambda x: (x >> 4) & 15, {0: 8}),
        (lambda x: TABLE[(x.view(20, 10).long() >> 4) & 15], {0: 8}),
        (lambda x: torch.zeros_like(x) + ((x & 0xC0) != 0x80), {0: 8}),
        (lambda x: (x & 15) + x, {}),
        (lambda x: torch.where(x < 100, x & 15, 0), {}),
        (lambda x: torch.zeros(128)[x], {}),
        (lambda x: x.to(torch.uint8) >> 4, {}),
        (lambda x: x + 1, {}),
    ],
)
def test_bits_are_read_by_nothing_but_operators_on_bits(reference, found):
    assert asked(reference, BYTES) == found


def test_numbers_fill_a_width_but_for_its_highest_bit():
    def bits(x):
        return x & 1

    assert asked(bits, WORDS) == {0: 32}
    assert asked(bits, WORDS.long()) == {0: 32}
    assert asked(bits, BYTES >> 2) == {}
    assert asked(bits, -BYTES) == {}
    assert asked(bits, BYTES % 3) == {}
    assert asked(bits, torch.arange(256)) == {}
    assert asked(bits, torch.arange(190)) == {0: 8}


def test_keys_of_64_bits_are_only_computed_with():
    assert asked(lambda x: torch.remainder(x, 97), KEYS) == {0: 60}
    assert asked(lambda x: torch.remainder(x, 97), KEYS.to(torch.int32)) == {}
    assert asked(lambda x: TABLE[torch.remainder(x, 16)], KEYS) == {}
    assert asked(lambda x: x > 5, KEYS) == {}
    assert asked(lambda x: torch.remainder(x, 97), KEYS.abs()) == {}


def test_bytes_may_be_added_beyond_their_range():
    assert asked(lambda x: x + x, BYTES.to(torch.uint8)) == {0: 8}
    assert asked(lambda x: (x + x) % 7, BYTES.to(torch.uint8)) == {}
    assert asked(lambda x: (x + x).int(), BYTES.to(torch.uint8)) == {}
    assert asked(lambda x: x + x, BYTES) == {}


@pytest.mark.parametrize(("tensor", "bits"), [(BYTES, 8), (WORDS, 32), (WORDS.long(), 32)])
def test_some_of_the_numbers_have_the_highest_bit(tensor, bits):
    before = tensor.clone()
    other, made = with_highest_bits((TABLE, tensor), {"1": bits})
    highest = (made.long() >> (bits - 1)) & 1 == 1
    assert torch.equal(other, TABLE)
    assert torch.equal(tensor, before)
    assert made.dtype is tensor.dtype
    assert 0 < int(highest.sum()) < tensor.numel()
    assert torch.equal(made[~highest] if bits > 8 else tensor, tensor[~highest] if bits > 8 else before)
    assert bits == 8 * tensor.dtype.itemsize or int(made.max()) < 1 << bits


def test_keys_keep_their_low_half():
    (made,) = with_highest_bits((KEYS,), {"0": 60})
    assert torch.equal(made & 0xFFFFFFFF, KEYS & 0xFFFFFFFF)
    assert bool((made >> 32 != KEYS >> 32).all())
    assert int(made.abs().max()) < 1 << 61
