"""Numbers that a reference compares its arguments with."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.asked_numbers import asked_numbers

X = torch.ones(3)


def reference(x, temperature, parts=(1, 2), top=5, flag=True):
    return x


class Module(torch.nn.Module):
    def forward(self, x, temperature):
        return x


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("temperature == 0.0", {1: [0.0]}),
        ("0 != temperature", {1: [0.0]}),
        ("top == 1 or top == 5 or top == 0", {4: [1, 0]}),
        ("top == 1.5 or flag == True or parts == 3", {}),
        ("temperature > 0.0", {}),
        ("other == 0.0", {}),
        ("x == 3", {}),
        ("0 < temperature == 1", {}),
        ("if (", {}),
    ],
)
def test_arguments_are_found_by_their_names(text, found):
    assert asked_numbers(text, reference, ((X, 0.7, (1, 2), 5), {"flag": True})) == found


def test_named_arguments_and_modules_have_places_too():
    assert asked_numbers("top == 1", reference, ((X, 0.7), {"parts": [1, 2, 3], "top": 5})) == {5: [1]}
    assert asked_numbers("temperature == 0", Module(), ((X, 0.7), {})) == {1: [0.0]}
    assert asked_numbers("temperature == 0", Module(), ((X,), {})) == {}
