"""What the interpreter cannot vouch for ends as "not judged", never as the pair's fault."""

from __future__ import annotations

from harness_client import Harness, pair

_REFERENCE = """
import torch

def reference(x):
    return x + x
"""

_ASSEMBLY = """
import torch
import triton
import triton.language as tl

@triton.jit
def kernel(x, out, N: tl.constexpr):
    lanes = tl.arange(0, N)
    doubled = tl.inline_asm_elementwise(
        "add.f32 $0, $1, $1;", "=f,f", [tl.load(x + lanes)], dtype=tl.float32, is_pure=True, pack=1
    )
    tl.store(out + lanes, doubled)

def candidate(x):
    out = torch.empty_like(x)
    kernel[(1,)](x, out, 64)
    return out
"""

_TEST = """
import torch

def get_test_inputs():
    return [torch.randn(64, device="cuda")]
"""


def test_a_pair_that_needs_what_is_not_there_is_not_blamed() -> None:
    with Harness() as harness:
        verdict = harness.verdict(pair(_REFERENCE, _ASSEMBLY, _TEST), device="interpreter")
    error = verdict["error"]
    assert (verdict["verdict"], verdict["status"], error["implementation"]) == (None, "FAILED", "harness")
    assert error["type"] == "CannotVouch"
    assert "inline assembly" in error["message"]
    assert "judge this pair on a GPU" in error["message"]


def test_the_environment_says_what_the_interpreter_can_be_trusted_with() -> None:
    with Harness() as harness:
        reply = harness.result(harness.send("environment"))
    assert reply["environment"]["interpreter"] is True
    assert reply["environment"]["interpreter_gaps"] == []
