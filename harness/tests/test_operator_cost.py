"""What an operator costs."""

from __future__ import annotations

import torch

from fusewright_harness.operator_cost import BYTES_PER_OPERATION, cost_of, is_counted, operations_of

ADD, PRODUCT = torch.ops.aten.add.Tensor, torch.ops.aten.mm.default


def test_what_only_moves_memory_costs_the_bytes_that_it_moves():
    x = torch.ones(10, dtype=torch.float16)
    assert not is_counted(ADD)
    assert operations_of(ADD, (x, x), {}, x) is None
    assert cost_of(ADD, (x, x), {}, x, (x, x, x)) == 60


def test_a_product_costs_its_arithmetic_where_that_is_more():
    a, b = torch.ones(300, 400), torch.ones(400, 500)
    result = a @ b
    assert is_counted(PRODUCT)
    assert operations_of(PRODUCT, (a, b), None, result) == 2 * 300 * 400 * 500
    assert cost_of(PRODUCT, (a, b), None, result, (a, b, result)) == 2 * 300 * 400 * 500 * BYTES_PER_OPERATION
    thin, thick = torch.ones(1000, 1), torch.ones(1, 1000)
    assert cost_of(PRODUCT, (thin, thick), None, thin @ thick, (thin @ thick,)) == 4_000_000


def test_a_signature_that_the_counter_does_not_know_counts_as_none():
    x = torch.ones(3)
    assert operations_of(PRODUCT, (x,), {}, x) is None
