"""Names that say how many there are."""

from __future__ import annotations

from fusewright_harness.spelled import spells


def test_letters_of_a_name_are_channels_or_coordinates():
    code = "def composite(rgb, alpha, points_xyz, box_XYXY): ..."
    assert spells(code, 3)
    assert spells(code, 4)
    assert not spells(code, 2)
    assert not spells(code, 5)


def test_a_part_of_a_word_says_nothing():
    assert not spells("def rgbish(proxy, xyzabc, label): ...", 3)
