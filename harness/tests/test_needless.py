"""References whose work leads back to where it began, and honest ones that look like them."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from fusewright_harness.call import Arguments
from fusewright_harness.needless import needless_work
from fusewright_harness.variant_inputs import elsewhere


def found(function, *inputs):
    arguments = Arguments(inputs, {})
    work = needless_work(lambda given: given.call(function), arguments, elsewhere(arguments.as_value()))
    return {name for name, value in work.items() if value}


def there_and_back(x):
    return torch.relu(torch.fft.ifft(torch.fft.fft(x)).real)


def sorted_and_put_back(x):
    values, order = torch.sort(x, -1)
    return torch.sigmoid(torch.gather(values, -1, torch.argsort(order, -1)))


@pytest.mark.parametrize("function", [there_and_back, sorted_and_put_back])
def test_a_round_trip_is_found(function):
    assert found(function, torch.randn(20, 64)) == {"roundtrip"}


def test_a_round_trip_is_found_where_only_positive_numbers_have_one():
    assert found(lambda x: torch.exp(torch.log(x)) + 1, torch.rand(20, 64) + 0.1) == {"roundtrip"}
    assert found(lambda x: torch.exp(torch.log(x).sum(-1)), torch.rand(20, 64) + 0.1) == set()


def test_equal_values_computed_over_and_over_are_found():
    def alike(x):
        return sum(torch.tanh(torch.sin(x + 0.0 * i).exp()) * 2**i for i in range(8))

    assert found(alike, torch.randn(20, 64)) == {"same"}


def test_a_reference_that_gives_its_input_back_is_found():
    assert found(lambda x: functional.dropout(x.clamp(-1e4, 1e4), 0.0), torch.randn(20, 64)) == {"input"}


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.relu(x.abs()),
        lambda x: torch.log(torch.exp(x)) * 2,
        lambda x: x.clamp(-6, 6),
        lambda x: x.clone(),
        lambda x: x.transpose(0, 1).contiguous(),
        lambda x: (x.float().half().float() + x) / 2,
        lambda x: torch.softmax(x, -1) @ x.mT,
        lambda x: torch.sqrt(x * x),
        lambda x: x * torch.ones_like(x) + x,
        lambda x: torch.stack([torch.tanh(x * i) for i in range(6)]).sum(0),
    ],
)
def test_honest_references_are_left_alone(function):
    assert found(function, torch.rand(20, 20) + 0.1) == set()
    assert found(function, torch.randn(20, 20)) == set()


def test_a_mask_of_ones_is_no_round_trip():
    assert found(lambda x, mask: x * mask, torch.randn(9, 30), torch.ones(9, 30)) == set()


def test_results_of_another_dtype_than_an_input_are_no_input():
    codes = torch.randn(16, 16).to(torch.float8_e4m3fn)
    assert found(lambda x: x.to(torch.bfloat16) * 2, codes) == set()
