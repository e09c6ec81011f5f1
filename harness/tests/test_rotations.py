"""Tables of cosines and sines that name each angle twice."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.renaming import NoVariant
from fusewright_harness.rotations import even_sizes, kept_tables, tables_of


def tables(how, scale=1.0, dtype=torch.float32):
    angles = torch.outer(torch.arange(12.0), 0.7 ** torch.arange(5.0))
    angles = torch.cat([angles, angles], -1) if how == "halves" else angles.repeat_interleave(2, -1)
    return (scale * angles.cos()).to(dtype), (scale * angles.sin()).to(dtype)


@pytest.mark.parametrize("how", ["halves", "pairs"])
@pytest.mark.parametrize(("scale", "dtype"), [(1.0, torch.float32), (1.2, torch.float16)])
def test_cosines_and_sines_are_tables(how, scale, dtype):
    cosine, sine = tables(how, scale, dtype)
    value = (torch.randn(2, 12, 10), cosine, {"sine": sine})
    assert tables_of(value) == {1: how, 2: how}


def test_data_whose_halves_are_the_same_are_none():
    half = torch.randn(12, 5)
    twice = torch.cat([half, half], -1)
    cosine, _sine = tables("halves")
    assert tables_of((twice, twice * 2)) == {}
    assert tables_of((cosine, twice)) == {}
    assert tables_of((cosine, cosine)) == {}


@pytest.mark.parametrize("how", ["halves", "pairs"])
def test_other_contents_name_each_angle_twice_too(how):
    cosine, sine = tables(how)
    found = tables_of((cosine, sine))
    kept, as_it_was = kept_tables((torch.randn(12, 14), torch.randn(3)), {0: found[0]})
    one, other = kept.chunk(2, -1) if how == "halves" else (kept[:, ::2], kept[:, 1::2])
    assert torch.equal(one, other)
    assert one.unique().numel() == 12 * 7
    assert as_it_was.shape == (3,)
    with pytest.raises(NoVariant):
        kept_tables((torch.randn(12, 7), sine), found)


def test_their_length_stays_even():
    cosine, sine = tables("halves")
    value = (cosine, sine)
    variants = [
        {"kind": "size", "from": 10, "to": 17},
        {"kind": "size", "from": 12, "to": 17},
        {"kind": "columns", "from": 10, "to": 1031},
        {"kind": "nan"},
    ]
    found = even_sizes(value, variants, tables_of(value))
    assert found[0]["to"] % 4 == 2
    assert found[0]["to"] > 10
    assert found[2]["to"] % 4 == 2
    assert found[2]["to"] > 1024
    assert [found[1], found[3]] == [variants[1], variants[3]]
    assert even_sizes(value, variants, {}) == variants
