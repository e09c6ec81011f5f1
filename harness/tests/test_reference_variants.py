"""Which inputs a reference's variants have, and which are left out because it says nothing of them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from fusewright_harness.call import Arguments
from fusewright_harness.reference_runs import ReferenceRuns
from fusewright_harness.reference_variants import ReferenceVariants

SEEDS = SimpleNamespace(stir=lambda salt: None)
INTACT = SimpleNamespace(require=lambda: None)
GROUPS = {"kind": "groups", "base": {}}
NEGATED = {"kind": "negated", "base": {}}


def variants_of(function, *values):
    """The variants of a reference that has been evaluated once, and the inputs it was evaluated on."""
    runs = ReferenceRuns(torch.device("cpu"), SEEDS, INTACT)
    inputs = Arguments(values, {})
    runs.evaluate(function, inputs)
    return ReferenceVariants(runs, function, {}, ""), inputs


def mixture(hidden, router, first, second):
    result = torch.zeros_like(hidden)
    for expert in range(router.shape[0]):
        result += torch.relu(hidden @ first[expert]) @ second[expert] * (hidden @ router[expert])[:, None]
    return result


def shared_attention(query, key, value):
    share = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(share, 1), value.repeat_interleave(share, 1)
    return torch.softmax(query @ key.transpose(-1, -2), -1) @ value


def test_more_experts_than_the_router_knows_are_left_out():
    given = torch.randn(6, 8), torch.randn(4, 8), torch.randn(4, 8, 5), torch.randn(4, 5, 8)
    variants, inputs = variants_of(mixture, *given)
    assert variants.made(inputs, GROUPS) is None


def test_more_heads_of_the_query_are_tried():
    shared = torch.randn(2, 2, 7, 8)
    variants, inputs = variants_of(shared_attention, torch.randn(2, 4, 7, 8), shared, shared.flip(0))
    assert variants.made(inputs, GROUPS) is not None


def test_what_nearly_overflows_says_nothing():
    steep = torch.rand(40) + 70
    variants, inputs = variants_of(lambda x: torch.exp(-x).sum(), steep)
    assert variants.made(inputs, NEGATED) is None
    variants, inputs = variants_of(lambda x: torch.exp(-x).sum(), steep - 40)
    assert variants.made(inputs, NEGATED) is not None
    variants, inputs = variants_of(lambda x: torch.exp(x.abs()).sum(), torch.randn(40).sign() * steep)
    assert variants.made(inputs, NEGATED) is not None


def test_what_a_reference_divides_by_stays_above_zero():
    variants, inputs = variants_of(
        lambda x, t: torch.softmax(x / t[:, None], -1), torch.randn(6, 9), torch.rand(6) + 0.5
    )
    made = variants.made(inputs, NEGATED)
    (x, t), _named = made.inputs.as_value()
    assert torch.equal(t, inputs.as_value()[0][1])
    assert not torch.equal(x, inputs.as_value()[0][0])


def test_other_strides_last():
    given = torch.randn(6, 9), torch.rand(6) + 0.5
    variants, inputs = variants_of(lambda x, t: x / t[:, None], *given)
    made = variants.made(inputs, {"kind": "strides", "base": {}})
    assert [part.stride() for part in made.inputs.as_value()[0]] == [(1, 6), (2,)]


def unit_normals(first, second, third):
    normal = torch.linalg.cross(second - first, third - first)
    return normal / normal.norm(dim=-1, keepdim=True)


def guarded_rows(x):
    largest = x.abs().amax(-1, keepdim=True)
    return x / torch.where(largest == 0, 1.0, largest)


def test_a_number_that_is_nothing_but_rounding_is_not_steady():
    runs = ReferenceRuns(torch.device("cpu"), SEEDS, INTACT)
    corners = torch.randn(3, 7, 3)
    assert runs.is_steady(unit_normals, Arguments(tuple(corners), {}))
    # Two corners of one triangle are the same.
    corners[1:, 4] = 0.0
    assert not runs.is_steady(unit_normals, Arguments(tuple(corners), {}))


@pytest.mark.parametrize("reference", [guarded_rows, lambda x: x.sum(-1)])
def test_a_row_of_zeros_and_what_cancels_by_chance_are_steady(reference):
    rows = torch.randn(500, 40)
    rows[3] = 0.0
    rows[5, 20:] = -rows[5, :20]
    runs = ReferenceRuns(torch.device("cpu"), SEEDS, INTACT)
    assert runs.is_steady(reference, Arguments((rows,), {}))
