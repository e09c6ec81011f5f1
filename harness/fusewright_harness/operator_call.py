"""One call of an operator as the dispatcher shows it: its kind, what it reads and writes, how much it computes."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from fusewright_harness.call_trace import reached_bytes, region, words
from fusewright_harness.operator_cost import is_counted, operations_of

_ALLOCATING = words(
    "empty empty_like empty_strided empty_permuted new_empty new_empty_strided zeros zeros_like new_zeros ones "
    "ones_like new_ones full full_like new_full fill_ zero_ zero fill scalar_tensor eye resize_ set_ "
    "_resize_output_"
)

_CASTING = words(
    "clone copy_ copy _to_copy contiguous _copy_from _copy_from_and_resize view_as_real_copy resolve_conj "
    "resolve_neg _conj_physical pin_memory _pin_memory"
)

_MOVING = words(
    "cat stack repeat repeat_interleave constant_pad_nd reflection_pad1d reflection_pad2d replication_pad1d "
    "replication_pad2d index_select index gather take slice_scatter select_scatter flip roll im2col scatter scatter_ "
    "index_put_ index_put _index_put_impl_ index_copy index_copy_ embedding tril tril_ triu triu_ pixel_shuffle "
    "pixel_unshuffle channel_shuffle unfold_copy expand_copy permute_copy transpose_copy masked_select"
)

_VIEWING = words("_unsafe_view _reshape_alias alias detach")
_READING = words("_local_scalar_dense is_nonzero")
_FROM_HOST = words("lift_fresh lift_fresh_copy lift")

# Arithmetic for each element of the larger of input and output, where it is far from one.
_WEIGHTS = {
    "_softmax": 5,
    "_log_softmax": 5,
    "_safe_softmax": 5,
    "native_layer_norm": 8,
    "_fused_rms_norm": 5,
    "native_group_norm": 8,
    "native_batch_norm": 8,
    "_native_batch_norm_legit": 8,
    "_native_batch_norm_legit_no_training": 4,
    "cudnn_batch_norm": 8,
    "gelu": 8,
    "silu": 4,
    "mish": 6,
    "sort": 10,
    "topk": 5,
    "var": 3,
    "std": 3,
    "var_mean": 4,
    "nll_loss_forward": 1,
    "mv": 2,
    "dot": 2,
}


class OperatorCall:
    """An operator's call. ``given`` and ``made`` are its tensors with memory; ``reads`` and ``writes`` say what for."""

    def __init__(self, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        self.name = func._schema.name.rpartition("::")[2]
        self._func, self._args, self._kwargs, self._result = func, args, kwargs, result
        self.given = [tensor for tensor in _tensors((args, kwargs)) if _has_memory(tensor)]
        self.made = [tensor for tensor in _tensors(result) if _has_memory(tensor)]
        self.writes = [tensor for tensor in _written(func, args, kwargs) if _has_memory(tensor)]
        self.writes += [tensor for tensor in self.made if not self.was_given(tensor)]
        self.reads = [tensor for tensor in self.given if not self._only_writes(tensor)]
        self.from_host = self.name in _FROM_HOST
        """Whether it makes a tensor of Python's numbers."""

    @staticmethod
    def is_view(func: Any) -> bool:
        """Whether an operator gives another view of the memory it is given, and nothing more."""
        returns = func._schema.returns
        return func._schema.name.rpartition("::")[2] in _VIEWING or bool(
            returns and all(part.alias_info is not None and not part.alias_info.is_write for part in returns)
        )

    def kind(self) -> str:
        """Of "allocation", "copy", "movement", "reading" and "compute" what it is."""
        if self.name in _ALLOCATING or self.from_host:
            return "allocation"
        if self.name in _CASTING:
            return "copy"
        if self.name in _MOVING and not _adds_up(self._func, self._args, self._kwargs):
            return "movement"
        return "reading" if self.name in _READING else "compute"

    def was_given(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is one of its arguments."""
        return any(tensor is other for other in self.given)

    def is_heavy(self) -> bool:
        """Whether torch counts its arithmetic: products, convolutions, attention."""
        return is_counted(self._func)

    def arithmetic(self) -> int:
        """How many operations it computes, about."""
        counted = operations_of(self._func, self._args, self._kwargs, self._result)
        if counted is not None:
            return counted
        if "scaled_dot_product" in self.name and len(self.given) >= 3:
            query, key = self.given[0], self.given[1]
            return 4 * query.numel() * key.shape[-2]
        largest = max((tensor.numel() for tensor in (*self.given, *self.made)), default=0)
        return largest * _WEIGHTS.get(self.name.removesuffix("_"), 1)

    def signature(self) -> tuple[Any, ...]:
        """Its name, the form of each tensor that it is given, and what it is given beside tensors."""
        numbers = [
            leaf for leaf in tree_leaves((self._args, self._kwargs)) if not isinstance(leaf, torch.Tensor)
        ]
        forms = ((tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype) for tensor in self.given)
        return (self.name, *forms, repr(numbers))

    def moved_bytes(self) -> int:
        """What it reads and writes."""
        return sum(reached_bytes(tensor) for tensor in (*self.reads, *self.writes))

    def read_regions(self) -> tuple[tuple[int, int, int], ...]:
        """Where it reads."""
        return tuple(region(tensor) for tensor in self.reads)

    def written_regions(self) -> tuple[tuple[int, int, int], ...]:
        """Where it writes."""
        return tuple(region(tensor) for tensor in self.writes)

    def whole(self) -> int:
        """How many times the storage that is read holds what is read of it."""
        sizes = (tensor.untyped_storage().nbytes() // max(1, reached_bytes(tensor)) for tensor in self.reads)
        return max(sizes, default=1)

    def _only_writes(self, tensor: torch.Tensor) -> bool:
        return self.name in ("copy_", "fill_", "zero_") and any(tensor is written for written in self.writes)


def _tensors(value: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(value) if isinstance(leaf, torch.Tensor)]


def _has_memory(tensor: torch.Tensor) -> bool:
    return not tensor.is_meta and tensor.layout is torch.strided


def _adds_up(func: Any, args: Any, kwargs: Any) -> bool:
    """Whether an operator that moves elements also sums those that meet."""
    for position, argument in enumerate(func._schema.arguments):
        if argument.name in ("accumulate", "reduce"):
            value = args[position] if position < len(args) else kwargs.get(argument.name)
            return bool(value)
    return False


def _written(func: Any, args: Any, kwargs: Any) -> list[torch.Tensor]:
    """The arguments that an operator writes to, by its schema."""
    written = []
    for position, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[position] if position < len(args) else kwargs.get(argument.name)
            written += _tensors(value)
    return written
