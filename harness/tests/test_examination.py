"""What is found of a reference's work, in its own process."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.flop_counter import flop_registry

from fusewright_harness.call import Arguments
from fusewright_harness.examination import work_facts


@pytest.mark.parametrize("causal", [True, False])
def test_attention_that_gives_more_than_its_result_is_no_idle_work(causal):
    given = Arguments(tuple(torch.randn(1, 2, 64, 32) for _ in range(3)), {})
    facts = work_facts(
        lambda a: scaled_dot_product_attention(*a.positional, is_causal=causal), given, __file__
    )
    assert facts["idle"] is None


@pytest.mark.skipif(
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu not in flop_registry,
    reason="this torch does not count what attention on the CPU takes",
)
def test_attention_whose_result_is_dropped_is_idle_work():
    given = Arguments(tuple(torch.randn(1, 2, 64, 32) for _ in range(3)), {})

    def reference(arguments):
        ignored = scaled_dot_product_attention(*arguments.positional)
        return arguments.positional[0] + 0 * ignored.sum().clamp(0, 0)

    assert "attention" in work_facts(reference, given, __file__)["idle"]["name"]
