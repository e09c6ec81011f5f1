"""What torch's own operators do in one call: which, on how much memory, with how much arithmetic.

The dispatcher shows every operator that reaches a tensor, whatever name the pair's code called it by. Work counts
where it depends on the call's inputs; a table of positions that a wrapper makes for its kernel is nobody's result.
"""

from __future__ import annotations

import math
import sys
import time
import types
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import torch
import torch.library
import torch.overrides
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_OWN_NAMESPACES = words("aten prim prims profiler")
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
_GATHERING = words(
    "index_select index gather take scatter scatter_ index_put_ index_put _index_put_impl_ index_copy index_copy_ "
    "embedding masked_select"
)
_VIEWING = words("_unsafe_view _reshape_alias alias detach")
_READING = words("_local_scalar_dense is_nonzero")
_REDUCING = words(
    "sum mean amax amin max min prod logsumexp any all norm linalg_vector_norm nansum argmax argmin var std"
)
_LEAVING = words("tolist numpy __array__ cpu __dlpack__ untyped_storage storage _typed_storage __reduce_ex__")
_FROM_HOST = words("lift_fresh lift_fresh_copy lift")
_TABLE_BYTES = 1 << 12
_HELD_BYTES = 4 << 30
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


@dataclass
class Operator:
    """One operator's call. ``arithmetic`` counts operations, ``bytes`` what it reads and writes."""

    name: str
    kind: str
    line: int | None
    arithmetic: int
    bytes: int
    after_kernel: bool
    signature: tuple[Any, ...]
    reads: tuple[tuple[int, int, int], ...]
    writes: tuple[tuple[int, int, int], ...]
    whole: int
    """How many times the storage that is read holds what is read of it."""
    heavy: bool
    """Whether torch counts its arithmetic: products, convolutions, attention."""
    plain: bool
    """Whether it copies memory that is in order already."""


@dataclass
class Launched:
    """One launch, in the order of the operators: the storages it was given."""

    storages: tuple[int, ...]
    bytes: int


@dataclass
class Trace:
    """What one call did."""

    operators: list[Operator] = field(default_factory=list)
    launches: list[Launched] = field(default_factory=list)
    host_bytes: int = 0
    """What was carried to the host to be looked at there."""
    host_numbers: int = 0
    """How many floating-point numbers of it."""
    results: tuple[tuple[int, int, int], ...] = ()
    calls: int = 0
    outside_s: float = 0.0
    """Seconds of the thread between the operators, Python's own; a machine at work elsewhere does not count."""


class OperatorWatch(TorchDispatchMode):
    """Watches one call; enter it around the call, and read ``trace`` afterwards.

    ``file`` is the pair's, whose lines are named.
    """

    around: OperatorWatch | None = None
    """The watch whose call is in the midst of an operator that the pair registered."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.trace = Trace()
        self.paused = False
        """Whether what happens is not the pair's: the interpreter takes torch's help to run a kernel."""
        self._file = file
        self._fresh: dict[int, torch.Tensor] = {}
        self._by_kernel: set[int] = set()
        self._held: list[torch.Tensor] = []
        self._held_bytes = 0
        self._began = self._inside = 0.0

    def __enter__(self) -> OperatorWatch:
        self._began = _clock()
        return super().__enter__()

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        self.trace.outside_s = _clock() - self._began - self._inside

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs the operator and writes it down."""
        kwargs = kwargs or {}
        if self.paused:
            return func(*args, **kwargs)
        # Modes for functions have had their say; what is asked of tensors below is ours.
        if func.namespace not in _OWN_NAMESPACES:
            # An operator that the pair registered: what it calls counts; see `follow_registered_operators`.
            OperatorWatch.around = self
            try:
                return func(*args, **kwargs)
            finally:
                OperatorWatch.around = None
        began = _clock()
        with _without_modes():
            result = func(*args, **kwargs)
            self._record(func, args, kwargs, result)
        self.trace.calls += 1
        self._inside += _clock() - began
        return result

    @contextmanager
    def again(self) -> Any:
        """Puts the mode back in place inside an operator, which keeps it out."""
        TorchDispatchMode.__enter__(self)
        try:
            yield
        finally:
            TorchDispatchMode.__exit__(self, None, None, None)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Torch would import its compiler to keep it away from here: seconds for nothing.
        return False

    def launched(self, tensors: list[torch.Tensor]) -> None:
        """Told of a kernel's launch with the tensors among its arguments."""
        keys = tuple({tensor.untyped_storage().data_ptr() for tensor in tensors})
        self._by_kernel.update(keys)
        if any(key not in self._fresh for key in keys):
            for key in keys:
                # What a kernel wrote depends on all that it was given.
                tensor = self._fresh.pop(key, None)
                if tensor is not None:
                    self._hold(tensor)
        self.trace.launches.append(Launched(keys, sum(_bytes(tensor) for tensor in tensors)))

    def went_to_host(self, tensor: torch.Tensor) -> None:
        """Told of a tensor whose contents Python looked at."""
        if tensor.untyped_storage().data_ptr() not in self._fresh:
            self.trace.host_bytes += _bytes(tensor)
            self.trace.host_numbers += tensor.numel() if tensor.is_floating_point() else 0

    def returned(self, tensors: list[torch.Tensor]) -> None:
        """Told what the call returned or changed for good."""
        self.trace.results = tuple(_region(tensor) for tensor in tensors)

    def _record(self, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        name = func._schema.name.rpartition("::")[2]
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        returns = func._schema.returns
        if name in _VIEWING or (
            returns and all(part.alias_info is not None and not part.alias_info.is_write for part in returns)
        ):
            return
        given, made = [t for t in given if _real(t)], [t for t in made if _real(t)]
        writes = [t for t in _written(func, args, kwargs) if _real(t)]
        writes += [tensor for tensor in made if not _among(tensor, given)]
        reads = [tensor for tensor in given if not _only_written(name, tensor, writes)]
        if name in _ALLOCATING:
            kind = "allocation"
        elif name in _FROM_HOST:
            # A few numbers are a table; more may be a result that Python computed.
            kind = "allocation"
            size = sum(_bytes(tensor) for tensor in made)
            self.trace.host_bytes += size if size > _TABLE_BYTES else 0
        elif name in _CASTING:
            kind = "copy"
        elif name in _MOVING and not _adds_up(func, args, kwargs):
            kind = "movement"
        elif name in _READING:
            kind = "reading"
            for tensor in reads:
                self.went_to_host(tensor)
        else:
            kind = "compute"
        tainted = kind != "allocation" and any(
            tensor.untyped_storage().data_ptr() not in self._fresh for tensor in reads
        )
        for tensor in writes:
            key = tensor.untyped_storage().data_ptr()
            if not tainted and not _among(tensor, given):
                self._fresh[key] = tensor
                self._by_kernel.discard(key)
            elif tainted:
                self._fresh.pop(key, None)
            self._hold(tensor)
        if not tainted:
            return
        if name == "_to_copy" and made and made[0].device.type == "cpu" and given[0].device.type != "cpu":
            self.trace.host_bytes += _bytes(made[0])
        arithmetic = _arithmetic(func, name, args, kwargs, result, given, made) if kind == "compute" else 0
        self.trace.operators.append(
            Operator(
                name,
                kind,
                self._line(),
                arithmetic,
                sum(_bytes(tensor) for tensor in (*reads, *writes)),
                name in _REDUCING
                and bool(reads)
                and reads[0].untyped_storage().data_ptr() in self._by_kernel,
                (
                    name,
                    *((tuple(t.shape), tuple(t.stride()), t.dtype) for t in given),
                    _numbers(args, kwargs),
                ),
                tuple(_region(tensor) for tensor in reads),
                tuple(_region(tensor) for tensor in writes),
                max((t.untyped_storage().nbytes() // max(1, _bytes(t)) for t in reads), default=1),
                flop_registry.get(func.overloadpacket) is not None,
                bool(given) and given[0].is_contiguous(),
            )
        )

    def host_mode(self) -> Any:
        """A mode to be entered with this one, which sees what leaves for Python's own memory."""
        return _HostMode(self)

    def _hold(self, tensor: torch.Tensor) -> None:
        # While a storage lives no other has its address; what does not fit is let go and may be taken for another.
        if self._held_bytes < _HELD_BYTES:
            self._held.append(tensor)
            self._held_bytes += tensor.untyped_storage().nbytes()

    def _line(self) -> int | None:
        frame = _frame(2)
        while frame is not None:
            if frame.f_code.co_filename == self._file:
                return frame.f_lineno
            frame = frame.f_back
        return None


def follow_registered_operators() -> None:
    """Has watches see into operators that a pair registers; to be called before any code of the pair is loaded.

    Within an operator the dispatcher keeps a mode out, so each registered function puts it back itself.
    """
    original = torch.library.Library.impl

    def impl(library: Any, name: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
        return original(library, name, _followed(function), *args, **kwargs)

    torch.library.Library.impl = impl


def _followed(function: Any) -> Any:
    if not isinstance(function, types.FunctionType):
        return function

    @wraps(function)
    def followed(*args: Any, **kwargs: Any) -> Any:
        watch, OperatorWatch.around = OperatorWatch.around, None
        if watch is None:
            return function(*args, **kwargs)
        try:
            with watch.again():
                return function(*args, **kwargs)
        finally:
            OperatorWatch.around = watch

    return followed


class _HostMode(torch.overrides.TorchFunctionMode):
    """Sees the methods by which a tensor's contents come into Python's hands, which no operator shows."""

    def __init__(self, watch: OperatorWatch) -> None:
        super().__init__()
        self._watch = watch

    def __torch_function__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Notes the bytes and goes on."""
        name = getattr(func, "__name__", "")
        leaves = name in _LEAVING or (
            name == "to"
            and any(str(part).startswith("cpu") for part in (*args[1:2], (kwargs or {}).get("device")))
        )
        if leaves and not self._watch.paused and args and isinstance(args[0], torch.Tensor):
            with _without_modes():
                self._watch.went_to_host(args[0])
        return func(*args, **(kwargs or {}))


def _real(tensor: torch.Tensor) -> bool:
    return not tensor.is_meta and tensor.layout is torch.strided


def _adds_up(func: Any, args: Any, kwargs: Any) -> bool:
    """Whether an operator that moves elements also sums those that meet."""
    for position, argument in enumerate(func._schema.arguments):
        if argument.name in ("accumulate", "reduce"):
            value = args[position] if position < len(args) else kwargs.get(argument.name)
            return bool(value)
    return False


def _numbers(args: Any, kwargs: Any) -> str:
    """What an operator is given beside tensors."""
    return repr([leaf for leaf in tree_leaves((args, kwargs)) if not isinstance(leaf, torch.Tensor)])


def _written(func: Any, args: Any, kwargs: Any) -> list[torch.Tensor]:
    """The arguments that an operator writes to, by its schema."""
    written = []
    for position, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[position] if position < len(args) else kwargs.get(argument.name)
            written += [leaf for leaf in tree_leaves(value) if isinstance(leaf, torch.Tensor)]
    return written


def _only_written(name: str, tensor: torch.Tensor, writes: list[torch.Tensor]) -> bool:
    return name in ("copy_", "fill_", "zero_") and any(tensor is written for written in writes)


def _among(tensor: torch.Tensor, others: list[torch.Tensor]) -> bool:
    return any(tensor is other for other in others)


def _bytes(tensor: torch.Tensor) -> int:
    """The memory that a view reaches: an expanded dimension is one row."""
    sizes = [size for size, stride in zip(tensor.shape, tensor.stride(), strict=True) if stride]
    return math.prod(sizes) * tensor.dtype.itemsize if tensor.numel() else 0


def _region(tensor: torch.Tensor) -> tuple[int, int, int]:
    """The storage of a view, and the first and the last byte that it reaches."""
    size = tensor.dtype.itemsize
    first = tensor.storage_offset() * size
    steps = sum((n - 1) * stride for n, stride in zip(tensor.shape, tensor.stride(), strict=True) if n)
    return tensor.untyped_storage().data_ptr(), first, first + (steps + 1) * size


def _arithmetic(
    func: Any,
    name: str,
    args: Any,
    kwargs: Any,
    result: Any,
    given: list[torch.Tensor],
    made: list[torch.Tensor],
) -> int:
    count = flop_registry.get(func.overloadpacket)
    if count is not None:
        try:
            return int(count(*args, **kwargs, out_val=result))
        except Exception:
            # A signature that torch's counter does not know in this version; the elements are counted instead.
            pass
    if "scaled_dot_product" in name and len(given) >= 3:
        query, key = given[0], given[1]
        return 4 * query.numel() * key.shape[-2]
    largest = max((tensor.numel() for tensor in (*given, *made)), default=0)
    return largest * _WEIGHTS.get(name.removesuffix("_") if name != "_" else name, 1)


# Bound before any code of the pair is loaded.
_clock = time.thread_time
_frame = sys._getframe
_without_modes = torch._C.DisableTorchFunction


def summary(trace: Trace) -> dict[str, Any]:
    """A trace in numbers, as JSON."""
    compute = [operator for operator in trace.operators if operator.kind == "compute"]
    whole = [operator for operator in compute if not operator.after_kernel]
    gathers = [
        operator
        for operator in trace.operators
        if operator.name in _GATHERING and operator.kind == "movement"
    ]
    largest = sorted([*compute, *gathers], key=lambda operator: -max(operator.arithmetic, operator.bytes))[:6]
    return {
        "count": len(trace.operators),
        "arithmetic": sum(operator.arithmetic for operator in whole),
        "reduced": sum(operator.arithmetic for operator in compute if operator.after_kernel),
        "bytes": sum(operator.bytes for operator in whole),
        "copied": sum(operator.bytes for operator in trace.operators if operator.kind == "copy"),
        "moved": sum(operator.bytes for operator in trace.operators if operator.kind == "movement"),
        "gathered": sum(operator.bytes for operator in gathers),
        "host": trace.host_bytes,
        "host_numbers": trace.host_numbers,
        "launched": sum(launch.bytes for launch in trace.launches),
        "names": list(dict.fromkeys(operator.name for operator in largest)),
        "line": largest[0].line if largest else None,
    }
