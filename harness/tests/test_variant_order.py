"""The order in which variants are tried."""

from __future__ import annotations

from fusewright_harness.variant_order import in_turn


def test_one_of_each_kind_comes_before_the_second_of_any():
    variants = [
        {"kind": "scaled", "by": 0.1},
        {"kind": "scaled", "by": 0.2},
        {"kind": "scaled", "by": 9.0},
        {"kind": "rows", "from": 4},
        {"kind": "size", "from": 5},
        {"kind": "size", "from": 6},
        {"kind": "size", "from": 5, "part": True},
    ]
    small, smaller, large, rows, size, other, part = variants
    assert in_turn(variants) == [small, large, size, part, rows, smaller, other]


def test_declared_sizes_come_first_and_what_blames_nobody_last():
    variants = [{"kind": kind, "from": 0} for kind in ("nan", "strides", "code", "code", "columns", "size")]
    nan, strides, code, again, columns, plain = variants
    assert in_turn(variants) == [plain, code, columns, again, strides, nan]
