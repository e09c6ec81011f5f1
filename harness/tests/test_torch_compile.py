"""What the reference's process makes of torch.compile."""

from __future__ import annotations

import pytest
import torch

from fusewright_harness.torch_compile import NotCompiled, compile_reference

CPU = torch.device("cpu")
INPUTS = ((torch.linspace(-1, 1, 12).reshape(3, 4),), {"scale": 2.0})


def compiled(function, inputs=INPUTS, backend="eager"):
    return compile_reference(function, inputs, CPU, backend)


def test_a_function_is_compiled_for_its_inputs():
    made = compiled(lambda x, scale: torch.relu(x) * scale)
    x = INPUTS[0][0]
    assert torch.equal(made(x, scale=2.0), torch.relu(x) * 2)


def test_a_module_and_a_function_that_works_in_place():
    layer = torch.nn.Linear(4, 2)
    assert torch.equal(compiled(layer, ((INPUTS[0][0],), {}))(INPUTS[0][0]), layer(INPUTS[0][0]))

    def in_place(x, scale):
        x.mul_(scale)

    before = INPUTS[0][0].clone()
    compiled(in_place)
    assert torch.equal(INPUTS[0][0], before)


def test_why_it_fails_is_told_in_a_line():
    def broken(_module, _inputs):
        raise RuntimeError("no compiler here\nand a long story")

    with pytest.raises(NotCompiled, match=r"no compiler here") as caught:
        compiled(lambda x, scale: x * scale, backend=broken)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [lambda x: x * 3, lambda x: x[:1], lambda x: x.double()], ids=["values", "shape", "dtype"]
)
def test_what_computes_something_else_is_not_timed(wrong):
    def other(_module, _inputs):
        return lambda *given: (wrong(next(part for part in given if isinstance(part, torch.Tensor))),)

    with pytest.raises(NotCompiled, match="another result"):
        compiled(lambda x, scale: x * scale, backend=other)


def test_sums_may_come_in_another_order_and_nan_may_stay():
    def reordered(_module, _inputs):
        return lambda *given: (next(p for p in given if isinstance(p, torch.Tensor)) * (2.0 + 1e-4),)

    inputs = ((torch.tensor([1.0, float("nan"), -3.0]),), {"scale": 2.0})
    assert compiled(lambda x, scale: x * scale, inputs, reordered) is not None
