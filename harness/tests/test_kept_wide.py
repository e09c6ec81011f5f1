"""A run in float64 stays one where the reference says float32 itself."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.call import Arguments
from fusewright_harness.compare import Expected, compare
from fusewright_harness.exact import in_float64
from fusewright_harness.values import take_apart

CPU = torch.device("cpu")


def evaluated(function, *values):
    """The results in float64, or None where there is no such run."""
    run = in_float64(function, Arguments(values, {}), CPU)
    return None if run is None else take_apart(run["result"])[1]


def sums_in_a_buffer(x):
    total = torch.zeros(x.shape[0], dtype=torch.float32)
    for column in range(x.shape[1]):
        total += x.float()[:, column] * 0.1
    return total


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.float().exp(),
        lambda x: x.to(torch.float32) @ x.float().t(),
        lambda x: torch.softmax(x, dim=-1, dtype=torch.float32),
        lambda x: x.sum(dim=1, dtype=torch.float32) / torch.arange(1, 9, dtype=torch.float32),
        lambda x: x.float() @ torch.tensor([1.0, 2.0, 0.1, 0.3], dtype=torch.float32),
        lambda x: torch.view_as_complex(x.float().reshape(8, 2, 2)) * torch.tensor(0.3 + 0.1j),
        sums_in_a_buffer,
    ],
)
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_words_for_float32_lose_nothing(function, dtype):
    x = torch.randn(8, 4).to(dtype)
    (result,) = evaluated(function, x)
    (exact,) = evaluated(function, x.double().to(dtype))
    assert result.dtype in (torch.float64, torch.complex128)
    declared = function(x)
    assert torch.equal(result, exact)
    assert torch.allclose(result, declared.to(result.dtype), rtol=1e-5, atol=1e-5)
    assert not torch.equal(result, declared.to(result.dtype))


def test_a_cast_of_float64_and_a_rounding_to_16_bits_are_meant():
    x = torch.randn(8, 4, dtype=torch.float64)
    (result,) = evaluated(lambda x: x.float(), x)
    assert torch.equal(result, x.float())
    (result,) = evaluated(lambda x: x.bfloat16().float(), x.float())
    assert torch.equal(result.float(), x.float().bfloat16().float())


def test_bits_are_those_of_the_declared_run():
    x = torch.randn(8, 4)
    assert evaluated(lambda x: x.float().view(torch.int32) ^ 1, x) is None
    assert evaluated(lambda x: (x.float().view(torch.int32) ^ 1).view(torch.float32), x) is None
    (result,) = evaluated(lambda x: x.float().view(4, 8), x)
    assert result.shape == (4, 8)


def test_a_long_sum_of_widened_numbers_may_err_as_the_reference_does():
    """Otherwise one product of some thousand is further off than float32's own tolerance."""
    x, w = torch.randn(8, 1920).half(), torch.randn(512, 1920).half()

    def reference(x, w):
        return x.float() @ w.float().t()

    declared = reference(x, w)
    in_parts = sum((x[:, place::4].float() @ w[:, place::4].float().t()).float() for place in range(4))
    expected = Expected(declared, evaluated(reference, x, w)[0], [], (torch.float16,))
    assert compare(expected, in_parts).outputs[0]["expected_from"] == "float64"
    assert compare(expected, in_parts).wrong is None
    assert compare(expected, (x.float() + 1e-4) @ w.float().t()).wrong is not None
