"""What a reference does, operator by operator: the bytes it must move, the operations it must do, and what it wastes.

Counted in the reference's process by running it once more under a dispatch mode; operations of products and
convolutions come from torch's own flop counter, every other operator counts one for each element of its results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from fusewright_harness.dispatch_mode import DispatchMode
from fusewright_harness.operator_cost import operations_of

_VIEWS = {
    "view", "_unsafe_view", "reshape", "_reshape_alias", "t", "transpose", "permute", "expand", "squeeze", "unsqueeze",
    "detach", "alias", "view_as_real", "view_as_complex", "lift_fresh", "unflatten",
}  # fmt: skip
_PARTS = {
    "slice", "select", "narrow", "index", "index_select", "gather", "take", "embedding", "embedding_bag", "where",
    "masked_fill", "masked_fill_", "masked_select", "tril", "triu", "nll_loss_forward", "nll_loss2d_forward",
    "as_strided", "diagonal", "split", "split_with_sizes", "unbind", "chunk", "unfold", "index_put", "index_put_",
    "_unsafe_index", "scatter", "scatter_", "convolution", "max_pool2d_with_indices", "avg_pool2d",
    "max_pool3d_with_indices", "avg_pool3d", "grid_sampler_2d", "upsample_nearest2d", "upsample_bilinear2d",
    "bucketize",
    "searchsorted", "constant_pad_nd", "bernoulli", "native_dropout",
}  # fmt: skip
"""Operators that need not read all of their operands, or whose result need not be computed whole."""
_FACTORIES = ("empty", "zeros", "ones", "full", "new_", "rand", "arange", "scalar_tensor", "linspace", "eye")
_COPIES = {"clone", "copy_", "_to_copy", "contiguous"}
_UNPREDICTABLE = (
    "sort", "topk", "cum", "log_cum", "unique", "nonzero", "linalg", "_linalg", "fft", "_fft", "index_put", "scatter",
    "convolution", "cudnn", "lstm", "gru", "rnn", "histc", "bincount", "searchsorted", "kthvalue", "median", "mode",
    "cholesky", "svd", "qr", "lu", "inverse", "_cdist", "grid_sampler", "embedding_bag", "_ctc", "multinomial",
    "_local",
    "_scaled_dot", "_flash", "_efficient", "prod", "adaptive", "upsample", "unfold", "im2col", "renorm", "lgamma",
    "digamma", "polygamma", "special", "erfinv", "i0", "igamma",
)  # fmt: skip
"""Operators whose time is far from what their bytes say."""


@dataclass(frozen=True)
class _Step:
    """One operator: the steps that made its operands, its cost, and whether it tells anything but its results."""

    needs: list[int]
    moved: int
    flops: int
    told: bool


class Census(DispatchMode):
    """Counts what runs inside it; :meth:`result` tells."""

    def __init__(self, inputs: list[torch.Tensor]) -> None:
        super().__init__()
        self._sources: dict[int, frozenset[int]] = {}
        self._input_bytes: list[int] = []
        for number, tensor in enumerate(inputs):
            self._sources[_storage(tensor)] = self._sources.get(_storage(tensor), frozenset()) | {number}
            self._input_bytes.append(_bytes(tensor))
        self._read: set[int] = set()
        self._in_part: set[int] = set()
        self._part_bytes: dict[int, int] = {}
        self._flops: dict[str, int] = {}
        self._seen: dict[Any, list[int]] = {}
        self._depth: dict[int, int] = {}
        self._born: dict[int, int] = {}
        self._births = 0
        self.counts = {
            "operators": 0,
            "kinds": 0,
            "bytes": 0,
            "copied_bytes": 0,
            "repeated_bytes": 0,
            "wide_bytes": 0,
            "fetched_bytes": 0,
            "stalls": 0,
            "depth": 0,
            "unpredictable": 0,
        }
        self._kinds: set[Any] = set()
        self._steps: list[_Step] = []
        self._makers: dict[int, list[int]] = {}

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Runs one operator and counts it."""
        result = function(*args, **(kwargs or {}))
        self._count(function, args, kwargs or {}, result)
        return result

    def result(self, outputs: list[torch.Tensor]) -> dict[str, Any]:
        """The counts, once the reference has returned ``outputs``; sizes in bytes.

        ``needed_bytes`` are of inputs that every way to compute the result reads whole; ``input_bytes`` of all that
        were read, or as much of them as was taken.
        """
        whole = self._read - self._in_part
        taken = {
            number: self._input_bytes[number]
            if number in self._read
            else min(self._input_bytes[number], self._part_bytes[number])
            for number in self._read | self._in_part
        }
        written = {_storage(tensor): _bytes(tensor) for tensor in outputs}
        dead = self._dead(outputs)
        return {
            **self.counts,
            "dead_bytes": sum(step.moved for step in dead),
            "dead_flops": sum(step.flops for step in dead),
            "kinds": len(self._kinds),
            "needed_bytes": sum(self._input_bytes[number] for number in whole),
            "input_bytes": sum(taken.values()),
            "output_bytes": sum(written.values()),
            "flops": self._flops,
        }

    def _count(self, function: Any, args: Any, kwargs: dict[str, Any], result: Any) -> None:
        name = function._overloadpacket.__name__
        operands = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        results = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        if name.startswith(_FACTORIES):
            for tensor in results:
                self._sources[_storage(tensor)] = frozenset()
                self._bear(tensor)
            return
        sources = frozenset().union(
            *(self._sources.get(_storage(tensor), frozenset()) for tensor in operands)
        )
        for tensor in results:
            # A result in memory of an operand, a view or one in place, keeps what that came from.
            self._sources[_storage(tensor)] = sources
        if name in _VIEWS:
            return
        self._deepen(function, operands, results)
        made = sum(_bytes(tensor) for tensor in results)
        if name in _PARTS:
            self._in_part |= sources
            for number in sources:
                self._part_bytes[number] = self._part_bytes.get(number, 0) + made
            if function.is_view:
                return
        else:
            self._read |= sources - self._in_part
        self._count_cost(function, name, args, kwargs, operands, results, result)

    def _count_cost(
        self,
        function: Any,
        name: str,
        args: Any,
        kwargs: dict[str, Any],
        operands: list[torch.Tensor],
        results: list[torch.Tensor],
        result: Any,
    ) -> None:
        moved = sum(_bytes(tensor) for tensor in (*operands, *results))
        counts = self.counts
        counts["operators"] += 1
        counts["bytes"] += moved
        counts["unpredictable"] += name.startswith(_UNPREDICTABLE)
        if name in _COPIES:
            if operands[-1].is_cuda and any(tensor.device.type == "cpu" for tensor in results):
                counts["fetched_bytes"] += moved
            if len({tensor.dtype for tensor in (*operands, *results)}) == 1:
                counts["copied_bytes"] += moved
        if any(tensor.dtype in _WIDE and tensor.numel() > 1 for tensor in results):
            counts["wide_bytes"] += moved
        self._kinds.add((name, *(tuple(tensor.shape) for tensor in operands)))
        key = self._key(function, args, kwargs)
        if not function._schema.is_mutable:
            if key in self._seen:
                counts["repeated_bytes"] += moved
                # The same values as before: what is done with them again is done again too.
                for tensor, born in zip(results, self._seen[key], strict=False):
                    self._born[_storage(tensor)] = born
            else:
                for tensor in results:
                    self._bear(tensor)
                self._seen[key] = [self._born[_storage(tensor)] for tensor in results]
        flops = _flops(function, args, kwargs, result, results)
        self._remember(function, operands, results, moved, flops)
        dtype = str(results[0].dtype).removeprefix("torch.") if results else "float32"
        self._flops[dtype] = self._flops.get(dtype, 0) + flops

    def _remember(
        self, function: Any, operands: list[torch.Tensor], results: list[torch.Tensor], moved: int, flops: int
    ) -> None:
        needs = [maker for tensor in operands for maker in self._makers.get(_storage(tensor), [])]
        # Whatever gives a number to Python, or writes into memory that was there before, may decide what comes out.
        told = not results or (function._schema.is_mutable and not all(map(self._made_here, results)))
        self._steps.append(_Step(needs, moved, flops, told))
        number = len(self._steps) - 1
        for tensor in results:
            storage = _storage(tensor)
            earlier = self._makers.get(storage, []) if function._schema.is_mutable else []
            self._makers[storage] = [*earlier, number]

    def _made_here(self, tensor: torch.Tensor) -> bool:
        return _storage(tensor) in self._born

    def _dead(self, outputs: list[torch.Tensor]) -> list[_Step]:
        """The steps that nothing which comes out needs."""
        queue = [number for number, step in enumerate(self._steps) if step.told]
        queue += [maker for tensor in outputs for maker in self._makers.get(_storage(tensor), [])]
        alive: set[int] = set()
        while queue:
            number = queue.pop()
            if number not in alive:
                alive.add(number)
                queue += self._steps[number].needs
        return [step for number, step in enumerate(self._steps) if number not in alive]

    def _deepen(self, function: Any, operands: list[torch.Tensor], results: list[torch.Tensor]) -> None:
        """Counts how long the longest chain is of operators that each need the one before."""
        # What only writes into a part of a tensor need not wait for what was written into its other parts.
        written = {_storage(tensor) for tensor in results} if function._schema.is_mutable else set()
        read = [_storage(tensor) for tensor in operands if _storage(tensor) not in written]
        deep = max((self._depth.get(storage, 0) for storage in read), default=0) + (not function.is_view)
        for tensor in results:
            storage = _storage(tensor)
            self._depth[storage] = max(deep, self._depth.get(storage, 0) if storage in written else 0)
        self.counts["depth"] = max(self.counts["depth"], deep)

    def _bear(self, tensor: torch.Tensor) -> None:
        # A tensor's memory may be another's once it is gone; this number is not.
        self._births += 1
        self._born[_storage(tensor)] = self._births

    def _key(self, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        parts: list[Any] = [function]
        for leaf in tree_leaves((args, kwargs)):
            if isinstance(leaf, torch.Tensor):
                storage = _storage(leaf)
                # What was there from the beginning has no number, but its memory is nobody else's.
                place = (self._born.get(storage, -storage), leaf.storage_offset(), leaf._version)
                parts.append((place, tuple(leaf.shape), tuple(leaf.stride()), leaf.dtype))
            else:
                parts.append(repr(leaf))
        return tuple(parts)


_WIDE = (torch.float64, torch.complex128)


def count(
    function: Callable[..., Any], positional: Any, named: Any, extra: list[torch.Tensor]
) -> dict[str, Any]:
    """The census of one call; ``extra`` are tensors that count as inputs beside the arguments, such as parameters."""
    inputs = [leaf for leaf in tree_leaves((positional, named)) if isinstance(leaf, torch.Tensor)]
    with Census([*inputs, *extra]) as census, _stalls_counted(census.counts):
        result = function(*positional, **named)
    outputs = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
    return census.result(outputs)


@contextmanager
def _stalls_counted(counts: dict[str, int]) -> Iterator[None]:
    """Counts the calls that wait for the GPU, or have it wait; ``torch.cuda`` has no other way to either."""
    names = [name for name in ("_cuda_synchronize", "_cuda_sleep") if hasattr(torch._C, name)]
    originals = {name: getattr(torch._C, name) for name in names}

    def counting(original: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            counts["stalls"] += 1
            return original(*args)

        return counted

    for name, original in originals.items():
        setattr(torch._C, name, counting(original))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(torch._C, name, original)


def _flops(function: Any, args: Any, kwargs: dict[str, Any], result: Any, results: list[torch.Tensor]) -> int:
    counted = operations_of(function, args, kwargs, result)
    return sum(tensor.numel() for tensor in results) if counted is None else counted


def _storage(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _bytes(tensor: torch.Tensor) -> int:
    return min(tensor.untyped_storage().nbytes(), tensor.numel() * tensor.element_size())
