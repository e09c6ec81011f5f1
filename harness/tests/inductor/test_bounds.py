"""Masks and size checks as a person would write them."""

from __future__ import annotations

import ast
import re

import torch
import torch.nn.functional as F  # noqa: N812

from fusewright_harness import inductor
from fusewright_harness.inductor.bounds import fold_bounds, join_bounds
from fusewright_harness.inductor.statements import remove_dead


def changed(change, text):
    body = ast.parse(text).body
    change(body)
    remove_dead(body)
    return "\n".join(map(ast.unparse, body))


def test_a_remainder_is_less_than_its_divisor_and_than_nothing_else():
    text = "x0 = xindex % n\ntmp1 = x0 < {}\ntl.store(p, x0, tmp1)"
    assert "tmp1 = True" in changed(fold_bounds, text.format("n"))
    assert "tmp1 = x0 < m" in changed(fold_bounds, text.format("m"))
    # A name that is given two values may be the other one.
    assert "tmp1 = x0 < n" in changed(fold_bounds, "x0 = xindex\n" + text.format("n"))


def test_both_ends_of_a_size_are_one_mask_where_both_are_asked_for():
    ends = "tmp1 = tmp0 >= 0\ntmp2 = tmp0 < n\n"
    joined = changed(join_bounds, ends + "tl.load(p, tmp9 & tmp1 & tmp2)\ntl.load(q, tmp2 & tmp1)")
    assert joined.startswith("tmp1_inside = (tmp0 >= 0) & (tmp0 < n)")
    assert "tl.load(p, tmp9 & tmp1_inside)" in joined
    assert "tl.load(q, tmp1_inside)" in joined
    alone = changed(join_bounds, ends + "tl.load(p, tmp1 & tmp2)\ntl.load(q, tmp2)")
    assert "tl.load(q, tmp2)" in alone
    apart = ends + "tl.load(p, tmp1)\ntl.load(q, tmp2)"
    assert changed(join_bounds, apart) == apart


def test_windows_have_masks_with_names():
    def reference(x, filters):
        return F.conv2d(x, filters, padding=1, groups=x.shape[1])

    code = inductor.write(
        reference, (torch.zeros(2, 4, 9, 11), torch.zeros(4, 1, 3, 3)), name="convolved", target="sm_90"
    ).code
    assert "column_inside = (source_column >= 0) & (source_column < n_columns)" in code
    assert not re.search(r"\binside_\d", code)
    assert "plane_size" in code
    assert "extent" not in code


def test_a_size_is_asked_for_once_and_the_error_says_what_it_has_to_be():
    def reference(x, cosine, sine):
        first, second = x.chunk(2, dim=-1)
        return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)

    given = (torch.zeros(2, 6, 24), torch.zeros(6, 12), torch.zeros(6, 12))
    code = inductor.write(reference, given, name="rotated", target="sm_90").code
    assert code.count("raise ValueError") <= 5
    assert 'raise ValueError("cosine_columns has to be (n_columns + 1) // 2")' in code


def test_an_error_about_what_is_in_a_dictionary_is_python():
    def reference(x, parameters):
        return x * parameters["scale"]

    given = (torch.zeros(6, 24), {"scale": torch.zeros(24)})
    code = inductor.write(reference, given, name="scaled", target="sm_90").code
    ast.parse(code)
    assert "parameters['scale'].shape[0] has to be n_columns" in code
