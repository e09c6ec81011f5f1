"""Results of float64 that are computed in float32."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.narrowed import narrowed

X = torch.randn(40, 50, dtype=torch.float64)
WIDE, NARROW = "x = tl.exp(tl.load(x_ptr))", "x = tl.exp(tl.load(x_ptr).to(tl.float32))"


def told(found, reference="return x.exp()", kernel=NARROW, inputs=(torch.float64,)):
    return narrowed(inputs, (X.exp(), X), (found, X), reference, kernel)


def test_float32_in_between_is_found():
    assert "float64" in told(X.float().exp().double())
    assert told(X.exp().float().double())


@pytest.mark.parametrize(
    "found",
    [
        X.exp(),
        X.exp() * (1 + 1e-13 * torch.randn_like(X)),
        X.exp() * 0.1 / float(torch.tensor(0.1)),
        X.exp()[:0],
    ],
)
def test_other_errors_are_left_alone(found):
    assert told(found) is None


def test_who_is_asked_for_less_or_names_no_narrow_type_is_left_alone():
    found = X.float().exp().double()
    assert told(X.exp().float().double(), kernel=WIDE) is None
    assert told((found.float() * (1 + 1e-7 * torch.randn(40, 50))).double(), kernel=WIDE)
    assert told(found, reference="return x.float().exp().double()") is None
    assert told(found, inputs=(torch.float64, torch.float32)) is None
    assert told(found, inputs=(torch.int64,)) is None
    assert told(X.exp().float(), inputs=(torch.float64,)) is None
