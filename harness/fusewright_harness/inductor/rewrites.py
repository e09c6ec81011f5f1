"""What is put in the place of operators that TorchInductor would leave to a library, so that one kernel does them too.

The rewrites are decompositions: the reference is traced as its author wrote it, and where the trace meets a convolution
it meets a matrix product over shifted views of the input instead, whose product and epilogue TorchInductor fuses into
one ``tl.dot`` kernel that never stores the views.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch._inductor.lowering  # Its decompositions look for it without importing it.
from torch._inductor.decomposition import select_decomp_table
from torch._subclasses.fake_impls import op_implementations_dict
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import SDPBackend, sdpa_kernel

from fusewright_harness.inductor.rewrites_convolution import convolution
from fusewright_harness.inductor.rewrites_pooling import POOLING
from fusewright_harness.inductor.rewrites_product import PRODUCTS
from fusewright_harness.inductor.rewrites_sums import SUMS
from fusewright_harness.inductor.unsupported import Unsupported

_aten = torch.ops.aten


def decomposition_table() -> dict[Any, Callable[..., Any]]:
    """By operator: what to trace in its place. TorchInductor's own table, with the rewrites before it."""
    table: dict[Any, Callable[..., Any]] = dict(select_decomp_table())
    windows = {_aten.convolution.default: convolution, torch.ops.fusewright.convolution.default: convolution}
    rewrites = {**windows, **POOLING, **PRODUCTS, **SUMS, **_STATEFUL}
    return table | {
        operator: _first_of(rewrite, table.get(operator)) for operator, rewrite in rewrites.items()
    }


def config_patches() -> dict[str, Any]:
    """What ``torch._inductor.config`` has to say for products to become ``tl.dot`` with everything around fused in."""
    return {
        "triton.native_matmul": True,
        # Matmul is a reduction there: variants of one reduction would be timed against each other on a GPU.
        "triton.multi_kernel": 0,
        "max_autotune": False,
        "max_autotune_gemm": False,
        "shape_padding": False,
        "coordinate_descent_tuning": False,
    }


@contextlib.contextmanager
def rewritten() -> Iterator[None]:
    """While it is entered torch chooses no library's operator where it could choose plain ones. To trace in."""
    # What cuDNN offers has names of its own, which no decomposition knows.
    with torch.backends.cudnn.flags(enabled=False), sdpa_kernel(SDPBackend.MATH), _symbolic_unfold():
        yield


@contextlib.contextmanager
def _symbolic_unfold() -> Iterator[None]:
    """Lets views of windows be traced with sizes that are symbols, of which torch would make constants."""
    known, operator = op_implementations_dict, _aten.unfold.default
    before = known.get(operator)
    known[operator] = _unfold
    try:
        yield
    finally:
        if before is None:
            del known[operator]
        else:
            known[operator] = before


def _unfold(
    _mode: FakeTensorMode, _operator: Any, x: torch.Tensor, dimension: int, size: int, step: int
) -> torch.Tensor:
    sizes, strides = list(x.shape), list(x.stride())
    dimension = dimension % max(1, x.dim())
    sizes.append(size)
    strides.append(strides[dimension])
    sizes[dimension] = (sizes[dimension] - size) // step + 1
    strides[dimension] = strides[dimension] * step
    return x.as_strided(sizes, strides, x.storage_offset())


def _first_of(rewrite: Callable[..., Any], otherwise: Callable[..., Any] | None) -> Callable[..., Any]:
    def decomposition(*arguments: Any, **named: Any) -> Any:
        rewritten = rewrite(*arguments, **named)
        if rewritten is NotImplemented and otherwise is not None:
            return otherwise(*arguments, **named)
        return rewritten

    return decomposition


def _batch_norm_with_state(*arguments: Any, **_named: Any) -> Any:
    _x, _weight, _bias, mean, _variance, training = arguments[:6]
    if mean is None or not training:
        return NotImplemented
    raise Unsupported(
        "batch_norm",
        "`batch_norm` in training mode changes its running statistics, and a kernel must leave its inputs as they are: "
        "pass `training=False`, or no running statistics",
    )


_STATEFUL = {
    _aten._native_batch_norm_legit.default: _batch_norm_with_state,
    _aten._native_batch_norm_legit_functional.default: _batch_norm_with_state,
    _aten.native_batch_norm.default: _batch_norm_with_state,
    _aten._batch_norm_with_update_functional.default: _batch_norm_with_state,
}
