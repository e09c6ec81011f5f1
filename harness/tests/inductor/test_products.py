"""Matrix products as they are written: in two dimensions, one launch with what follows, as exact as the reference."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from fusewright_harness import inductor


def written(reference, *inputs):
    """What is written for ``reference``."""
    return inductor.write(reference, inputs, name="product_triton", target="sm_90")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_product_and_its_epilogue_are_one_kernel_in_two_dimensions(dtype):
    def reference(x, weight, bias):
        return F.gelu(x @ weight + bias)

    made = written(reference, *(torch.zeros(shape, dtype=dtype) for shape in ((70, 96), (96, 80), (80,))))
    assert made.launches == 1
    assert "tl.dot(x, weight, accumulator" in made.code
    assert ", None, None]" not in made.code
    assert "tl.reshape" not in made.code
    assert "tl.trans" not in made.code
    # What is narrow goes into the product as it is.
    loop = made.code.split("for first_inner", 1)[1].split("tl.dot", 1)[0]
    assert ".to(" not in loop
    assert "tl.where" not in loop


def test_batches_and_convolutions_are_products_too():
    def batched(x, y):
        return torch.relu(torch.bmm(x, y))

    made = written(batched, torch.zeros(4, 70, 96), torch.zeros(4, 96, 80))
    assert (made.launches, "batch = tl.program_id(1)" in made.code) == (1, True)

    def convolved(x, weight, bias):
        return F.relu(F.conv2d(x, weight, bias, padding=1))

    made = written(convolved, torch.zeros(2, 16, 40, 40), torch.zeros(32, 16, 3, 3), torch.zeros(32))
    assert (made.launches, "tl.dot(" in made.code) == (1, True)


def test_products_are_as_exact_as_the_references():
    def reference(x, weight):
        return x @ weight

    made = written(reference, torch.zeros(70, 96), torch.zeros(96, 80))
    assert "'ieee'" in made.code or '"ieee"' in made.code


def test_configurations_are_chosen_among_where_sizes_leave_a_choice():
    def reference(x, weight):
        return x @ weight

    large = written(reference, torch.zeros(512, 512).half(), torch.zeros(512, 512).half()).code
    small = written(reference, torch.zeros(20, 32).half(), torch.zeros(32, 20).half()).code
    assert 3 <= large.count("triton.Config(") <= 8
    assert "@triton.autotune" not in small
    assert "num_warps=" in small
