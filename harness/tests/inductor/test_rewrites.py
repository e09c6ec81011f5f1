"""Every rewrite gives what the operator gives, and leaves none of what a library would be asked for."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch.fx.experimental.proxy_tensor import make_fx

from fusewright_harness.inductor import rewrites
from fusewright_harness.inductor.unsupported import Unsupported

LIBRARY = ("convolution", "pool", "scaled_dot_product", "batch_norm", "mv", "_int_mm")


def traced(function, *inputs, without=LIBRARY):
    """``function`` through its rewritten graph; no operator of it may have a name with one of ``without`` in it."""
    with rewrites.rewritten():
        graph = make_fx(function, decomposition_table=rewrites.decomposition_table())(*inputs)
    names = [str(node.target) for node in graph.graph.nodes if node.op == "call_function"]
    left = [name for name in names if any(part in name for part in without)]
    assert not left, left
    return graph(*inputs)


def same(function, *inputs, without=LIBRARY, tolerance=1e-4):
    torch.testing.assert_close(
        traced(function, *inputs, without=without), function(*inputs), rtol=tolerance, atol=tolerance
    )


GEOMETRIES = [
    {"groups": 1, "stride": 1, "padding": 0, "dilation": 1},
    {"groups": 1, "stride": 2, "padding": 1, "dilation": 1},
    {"groups": 2, "stride": 2, "padding": 1, "dilation": 2},
    {"groups": 4, "stride": 1, "padding": 1, "dilation": 1},
    {"groups": 1, "stride": 3, "padding": 2, "dilation": 2},
    {"groups": 4, "stride": 2, "padding": 3, "dilation": 1},
]


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_convolution(dimensions, geometry):
    torch.manual_seed(dimensions)
    x = torch.randn(2, 4, *[9, 8, 7][:dimensions])
    convolve = getattr(F, f"conv{dimensions}d")
    for outputs in (4, 8):
        weight = torch.randn(outputs, 4 // geometry["groups"], *[3, 2, 3][:dimensions])
        same(lambda x, w, b: convolve(x, w, b, **geometry), x, weight, torch.randn(outputs))
    same(lambda x, w: convolve(x, w, **geometry), x, weight)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_transposed_convolution(dimensions, geometry):
    torch.manual_seed(dimensions)
    x = torch.randn(2, 4, *[5, 4, 3][:dimensions])
    weight = torch.randn(4, 8 // geometry["groups"], *[3, 2, 3][:dimensions])
    convolve = getattr(F, f"conv_transpose{dimensions}d")
    more = min(1, geometry["stride"] - 1)
    same(
        lambda x, w, b: convolve(x, w, b, **geometry, output_padding=more),
        x,
        weight,
        torch.randn(8),
    )


def test_a_convolution_is_contiguous_like_the_librarys():
    x, weight = torch.randn(2, 3, 8, 8), torch.randn(5, 3, 3, 3)
    assert traced(lambda x, w: F.conv2d(x, w).view(2, -1), x, weight).shape == (2, 180)


def test_a_large_depthwise_window_and_half_precision_are_summed_in_float32():
    x, weight = torch.randn(1, 3, 24, 24, dtype=torch.float16), torch.randn(3, 1, 9, 9, dtype=torch.float16)
    expected = F.conv2d(x.double(), weight.double(), groups=3)
    error = (traced(lambda x, w: F.conv2d(x, w, groups=3), x, weight).double() - expected).abs().max()
    assert error < 0.02


POOLS = [
    {"kernel_size": 6, "stride": 2, "padding": 3},
    {"kernel_size": (6, 5), "stride": (3, 2)},
    {"kernel_size": 6, "stride": 4, "padding": 1, "ceil_mode": True},
    {"kernel_size": (2, 3), "padding": 1},
]


@pytest.mark.parametrize("geometry", POOLS)
def test_pooling(geometry):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 17, 15)
    # Small windows stay with TorchInductor, which has kernels of its own for them.
    without = ("convolution",) if geometry["kernel_size"] == (2, 3) else LIBRARY
    for given in (x, x[0]):
        same(lambda x: F.max_pool2d(x, **geometry), given, without=without)
        same(lambda x: F.max_pool2d(x, **geometry, return_indices=True), given, without=without)
        same(lambda x: F.avg_pool2d(x, **geometry), given, without=without)
        same(lambda x: F.avg_pool2d(x, **geometry, count_include_pad=False), given, without=without)
        same(lambda x: F.avg_pool2d(x, **geometry, divisor_override=7), given, without=without)


def test_pooling_of_other_dimensions():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 9, 8, 7)
    same(lambda x: F.max_pool3d(x, 4, 2, 1, return_indices=True), x)
    same(lambda x: F.max_pool3d(x, 2, dilation=2), x)
    same(lambda x: F.avg_pool3d(x, 4, 2, 1), x)
    row = torch.randn(2, 3, 90)
    same(lambda x: F.max_pool1d(x, 30, 7), row)
    same(lambda x: F.avg_pool1d(x, 30, 7, padding=3), row)


def test_pooling_by_output_size():
    x = torch.randn(2, 3, 32, 24)
    same(lambda x: F.adaptive_avg_pool2d(x, (4, 3)), x)
    same(lambda x: F.adaptive_max_pool2d(x, (4, 3)), x)
    same(lambda x: F.adaptive_avg_pool2d(x, (5, 7)), x)
    same(lambda x: F.adaptive_avg_pool2d(x, 1), x)
    same(lambda x: F.adaptive_avg_pool3d(x, (1, 4, 3)), x)


def test_products_that_a_dot_cannot_do():
    torch.manual_seed(0)
    wide, row = torch.randn(6, 5, dtype=torch.float64), torch.randn(1, 6)
    same(lambda a, b: a @ b, wide, wide.T.contiguous(), without=("mm",))
    same(lambda a, b: a @ b, row, torch.randn(6, 4), without=("mm",))
    same(lambda a, b: torch.bmm(a, b), torch.randn(3, 4, 1), torch.randn(3, 1, 5), without=("mm",))
    same(lambda a, v: a @ v, torch.randn(4, 6), torch.randn(6))
    same(
        lambda c, a, b: torch.addmm(c, a, b, beta=0.5, alpha=2),
        torch.randn(5),
        torch.randn(4, 6),
        torch.randn(6, 5),
    )
    same(lambda c, a, v: torch.addmv(c, a, v, beta=0.5), torch.randn(4), torch.randn(4, 6), torch.randn(6))
    small = torch.randint(-8, 8, (4, 6)).to(torch.int8)
    expected = small.long() @ small.T.long()
    assert torch.equal(traced(torch._int_mm, small, small.T.contiguous()).long(), expected)


def test_what_is_multiplied_by_zero_is_not_looked_at():
    added = torch.full((5,), float("nan"))
    left, right = torch.randn(4, 6), torch.randn(6, 5)
    assert traced(lambda c, a, b: torch.addmm(c, a, b, beta=0), added, left, right).isfinite().all()


def test_attention_is_written_out():
    q, k, v = (torch.randn(2, 3, 16, 8) for _ in range(3))
    same(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), q, k, v)


def test_batch_norm_that_changes_its_statistics_is_refused():
    x, mean, variance = torch.randn(4, 3, 8, 8), torch.zeros(3), torch.ones(3)
    same(lambda x, m, v: F.batch_norm(x, m, v), x, mean, variance)
    same(lambda x: F.batch_norm(x, None, None, training=True), x)
    with pytest.raises(Unsupported, match="running statistics") as refused:
        traced(
            torch.func.functionalize(lambda x, m, v: F.batch_norm(x, m, v, training=True)), x, mean, variance
        )
    assert refused.value.operator == "batch_norm"
