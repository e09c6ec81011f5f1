"""The compile check alone: what keeps it from compiling is told, whoever's error it is."""

from __future__ import annotations

from harness_client import Harness, pair

_REFERENCE = """
import torch

def reference(x):
    return x + x
"""

_TRITON = """
import torch
import triton
import triton.language as tl

@triton.jit
def kernel(x, out, N: tl.constexpr):
    lanes = tl.arange(0, N)
    tl.store(out + lanes, tl.load(x + lanes) * 2)

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

_RAISES = _TRITON.replace("    return out\n", "    raise ValueError('no such size')\n")


def test_kernels_have_resources_and_a_wrapper_that_fails_is_told() -> None:
    with Harness() as harness:
        right = harness.result(harness.send("compile", pair=pair(_REFERENCE, _TRITON, _TEST), options={}))
        failing = harness.result(harness.send("compile", pair=pair(_REFERENCE, _RAISES, _TEST), options={}))
    (kernel,) = right["kernels"]
    assert right["error"] is None
    assert kernel["name"] == "kernel"
    assert kernel["registers"] > 0
    assert (failing["error"]["stage"], failing["error"]["message"]) == ("run", "no such size")
    assert failing["error"]["line"] is not None
