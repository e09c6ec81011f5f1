"""Normalisations in plain operators while a reference is traced, where their epsilon is a number among the arguments.

torch's own take it as a C++ double, which would make a constant of it. Statistics are computed in float32 for float16
and bfloat16, as torch computes them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from fusewright_harness.inductor.origins import part


@contextlib.contextmanager
def plain_norms() -> Iterator[None]:
    """While it is entered the functional normalisations keep a symbolic epsilon."""
    replaced = {
        "layer_norm": _layer_norm,
        "rms_norm": _rms_norm,
        "group_norm": _group_norm,
        "instance_norm": _instance_norm,
        "batch_norm": _batch_norm,
    }
    before = {name: getattr(F, name) for name in replaced if hasattr(F, name)}
    try:
        for name, original in before.items():
            # A group is walked over once, so that its norm is always the plain one: torch's takes three kernels.
            either = _always if name == "group_norm" else _symbolic
            setattr(F, name, either(original, replaced[name]))
        yield
    finally:
        for name, original in before.items():
            setattr(F, name, original)


def _symbolic(original: Callable[..., Any], plain: Callable[..., Any]) -> Callable[..., Any]:
    def either(*arguments: Any, **named: Any) -> Any:
        if any(isinstance(value, torch.SymFloat) for value in [*arguments, *named.values()]):
            result = plain(*arguments, **named)
            if result is not NotImplemented:
                return result
        return original(*arguments, **named)

    return either


def _always(original: Callable[..., Any], plain: Callable[..., Any]) -> Callable[..., Any]:
    return plain


def _wide(x: torch.Tensor) -> torch.Tensor:
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _standardised(x: torch.Tensor, dimensions: list[int], eps: Any) -> torch.Tensor:
    variance, mean = torch.var_mean(x, dimensions, correction=0, keepdim=True)
    return (x - mean) * torch.rsqrt(variance + eps)


def _layer_norm(
    x: torch.Tensor,
    normalized_shape: Sequence[int],
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    eps: Any = 1e-5,
) -> torch.Tensor:
    y = _standardised(_wide(x), list(range(-len(normalized_shape), 0)), eps)
    return _affine(y, weight, bias).to(x.dtype)


def _rms_norm(
    x: torch.Tensor, normalized_shape: Sequence[int], weight: torch.Tensor | None = None, eps: Any = None
) -> torch.Tensor:
    wide = _wide(x)
    mean = wide.square().mean(list(range(-len(normalized_shape), 0)), keepdim=True)
    return _affine(wide * torch.rsqrt(mean + eps), weight, None).to(x.dtype)


def _group_norm(
    x: torch.Tensor,
    num_groups: Any,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    eps: Any = 1e-5,
) -> torch.Tensor:
    batch, channels, *spatial = x.shape
    part(channels, num_groups)
    width = channels // num_groups
    grouped = _wide(x).reshape(batch, num_groups, width, *spatial)
    y = _standardised(grouped, list(range(2, grouped.dim())), eps)
    # Weights are applied group by group, so that one kernel walks over the groups for all of it.
    shape = [num_groups, width] + [1] * len(spatial)
    y = _affine(
        y,
        None if weight is None else weight.reshape(shape),
        None if bias is None else bias.reshape(shape),
    )
    return y.reshape(x.shape).to(x.dtype)


def _instance_norm(
    x: torch.Tensor,
    running_mean: torch.Tensor | None = None,
    running_var: torch.Tensor | None = None,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    use_input_stats: bool = True,
    momentum: Any = 0.1,
    eps: Any = 1e-5,
) -> Any:
    if running_mean is not None or not use_input_stats:
        return NotImplemented
    y = _standardised(_wide(x), list(range(2, x.dim())), eps)
    return _affine_by_channel(y, weight, bias).to(x.dtype)


def _batch_norm(
    x: torch.Tensor,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: Any = 1e-5,
) -> Any:
    if training or running_mean is None or running_var is None:
        return NotImplemented
    shape = [1, -1] + [1] * (x.dim() - 2)
    wide = _wide(x)
    y = (wide - running_mean.view(shape)) * torch.rsqrt(running_var.view(shape) + eps)
    return _affine_by_channel(y, weight, bias).to(x.dtype)


def _affine(y: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None) -> torch.Tensor:
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _affine_by_channel(
    y: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None
) -> torch.Tensor:
    shape = [1, -1] + [1] * (y.dim() - 2)
    return _affine(
        y, None if weight is None else weight.view(shape), None if bias is None else bias.view(shape)
    )
