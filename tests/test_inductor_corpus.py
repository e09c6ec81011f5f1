"""What TorchInductor writes for honest pairs is right, in one launch where the family allows it, or refused.

``FUSEWRIGHT_INDUCTOR_CORPUS=all`` tries every honest pair, which takes ten minutes; otherwise it is a few.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from inductor_corpus import Harness, Outcome, honest, outcome

WHOLE = os.environ.get("FUSEWRIGHT_INDUCTOR_CORPUS") == "all"
ONE_LAUNCH = (
    *(
        "clamp_mostly_identity",
        "bias_gelu_residual_bfloat16",
        "row_statistics_tuple",
        "add_rmsnorm_two_outputs",
    ),
    *("softmax_persistent_rows", "matmul_heuristics", "conv2d_implicit_gemm", "max_pool_with_indices"),
    *("batch_norm_inference", "module_with_linear_holder"),
)
REFUSED = {"top_k_routing": "topk", "adam_step_in_place": "None"}
SHARE = 0.85


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as harness:
        yield harness


def told(one: Outcome) -> str:
    return f"{one.subject.name}: {one.verdict}: {one.why}\n{one.code}"


@pytest.mark.parametrize("name", ONE_LAUNCH)
def test_a_kernel_passes_in_one_launch(harness: Harness, name: str) -> None:
    (subject,) = honest([name])
    one = outcome(harness, subject)
    assert one.passed, told(one)
    assert one.launches == 1, told(one)
    findings = [found for found in one.line["findings"] if found["severity"] == "error"]
    assert not findings, findings


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_written_is_refused_by_name(harness: Harness, name: str) -> None:
    (subject,) = honest([name])
    one = outcome(harness, subject)
    assert one.verdict.startswith("none: ")
    assert REFUSED[name] in one.why


if WHOLE:

    def test_most_pairs_of_the_families_pass_and_none_is_wrong(harness: Harness) -> None:
        outcomes = [outcome(harness, subject) for subject in honest()]
        wrong = [told(one) for one in outcomes if one.verdict in ("wrong", "rejected")]
        assert not wrong, "\n".join(wrong)
        counted = [one for one in outcomes if one.subject.counts]
        failed = [told(one).splitlines()[0] for one in counted if not one.passed]
        assert len(failed) <= (1 - SHARE) * len(counted), "\n".join(failed)
