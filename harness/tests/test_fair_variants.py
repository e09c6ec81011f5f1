"""Which variants of its inputs a reference makes fair."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.call import Arguments
from fusewright_harness.fair_variants import shares


def attention(query, key):
    shared = key.repeat_interleave(query.shape[0] // key.shape[0], 0)
    return torch.softmax(query @ shared.transpose(1, 2), -1)


def attention_in_place(query, key):
    query.copy_(attention(query, key) @ query)


def turned(query, key):
    return query.flip(-1) * 2, key.flip(-1) * 2


def turned_in_place(query, key):
    query.copy_(query.flip(-1) * 2)
    key.copy_(key.flip(-1) * 2)


@pytest.mark.parametrize(
    ("reference", "together"),
    [(attention, True), (attention_in_place, True), (turned, False), (turned_in_place, False)],
)
def test_heads_share_keys_where_a_result_is_made_of_both(reference, together):
    given = Arguments((torch.randn(4, 6, 8), torch.randn(4, 6, 8)), {})
    assert shares(lambda a: a.call(reference), given) is together
