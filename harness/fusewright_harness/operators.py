"""Watches what torch's own operators do in one call.

The dispatcher shows every operator that reaches a tensor, whatever name the pair's code called it by. Work counts
where it depends on the call's inputs; a table of positions that a wrapper makes for its kernel is nobody's result.
"""

from __future__ import annotations

import sys
import time
import types
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
import torch.library
import torch.overrides

from fusewright_harness.call_trace import Launched, Operator, Trace, reached_bytes, region, words
from fusewright_harness.dispatch_mode import DispatchMode
from fusewright_harness.operator_call import OperatorCall
from fusewright_harness.transfer import without_modes

# Bound before any code of the pair is loaded.
_clock = time.thread_time
_frame = sys._getframe

_OWN_NAMESPACES = words("aten prim prims profiler")
_REDUCING = words(
    "sum mean amax amin max min prod logsumexp any all norm linalg_vector_norm nansum argmax argmin var std"
)
_LEAVING = words("tolist numpy __array__ cpu __dlpack__ untyped_storage storage _typed_storage __reduce_ex__")
_TABLE_BYTES = 1 << 12
_HELD_BYTES = 4 << 30


class OperatorWatch(DispatchMode):
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
        with without_modes():
            result = func(*args, **kwargs)
            if not OperatorCall.is_view(func):
                self._record(OperatorCall(func, args, kwargs, result))
        self.trace.calls += 1
        self._inside += _clock() - began
        return result

    @contextmanager
    def again(self) -> Any:
        """Puts the mode back in place inside an operator, which keeps it out."""
        DispatchMode.__enter__(self)
        try:
            yield
        finally:
            DispatchMode.__exit__(self, None, None, None)

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
        self.trace.launches.append(Launched(keys, sum(reached_bytes(tensor) for tensor in tensors)))

    def went_to_host(self, tensor: torch.Tensor) -> None:
        """Told of a tensor whose contents Python looked at."""
        if tensor.untyped_storage().data_ptr() not in self._fresh:
            self.trace.host_bytes += reached_bytes(tensor)
            self.trace.host_numbers += tensor.numel() if tensor.is_floating_point() else 0

    def returned(self, tensors: list[torch.Tensor]) -> None:
        """Told what the call returned or changed for good."""
        self.trace.results = tuple(region(tensor) for tensor in tensors)

    def _record(self, call: OperatorCall) -> None:
        kind = call.kind()
        if call.from_host:
            # A few numbers are a table; more may be a result that Python computed.
            size = sum(reached_bytes(tensor) for tensor in call.made)
            self.trace.host_bytes += size if size > _TABLE_BYTES else 0
        if kind == "reading":
            for tensor in call.reads:
                self.went_to_host(tensor)
        tainted = kind != "allocation" and any(
            tensor.untyped_storage().data_ptr() not in self._fresh for tensor in call.reads
        )
        self._note_writes(call, tainted)
        if not tainted:
            return
        if call.name == "_to_copy" and call.made and _comes_to_host(call.given[0], call.made[0]):
            self.trace.host_bytes += reached_bytes(call.made[0])
        operator = Operator(
            name=call.name,
            kind=kind,
            line=self._line(),
            arithmetic=call.arithmetic() if kind == "compute" else 0,
            bytes=call.moved_bytes(),
            after_kernel=call.name in _REDUCING
            and bool(call.reads)
            and call.reads[0].untyped_storage().data_ptr() in self._by_kernel,
            signature=call.signature(),
            reads=call.read_regions(),
            writes=call.written_regions(),
            whole=call.whole(),
            heavy=call.is_heavy(),
            plain=bool(call.given) and call.given[0].is_contiguous(),
        )
        self.trace.operators.append(operator)

    def _note_writes(self, call: OperatorCall, tainted: bool) -> None:
        for tensor in call.writes:
            key = tensor.untyped_storage().data_ptr()
            if not tainted and not call.was_given(tensor):
                self._fresh[key] = tensor
                self._by_kernel.discard(key)
            elif tainted:
                self._fresh.pop(key, None)
            self._hold(tensor)

    def host_mode(self) -> Any:
        """A mode to be entered with this one, which sees what leaves for Python's own memory."""
        return _HostMode(self)

    def _hold(self, tensor: torch.Tensor) -> None:
        # While a storage lives no other has its address; what does not fit is let go and may be taken for another.
        if self._held_bytes < _HELD_BYTES:
            self._held.append(tensor)
            self._held_bytes += tensor.untyped_storage().nbytes()

    def _line(self) -> int | None:
        return frame_line(self._file)


def frame_line(file: str) -> int | None:
    """The line of ``file`` that is being run, by the nearest of the calls that are in progress."""
    frame = _frame(1)
    while frame is not None:
        if frame.f_code.co_filename == file:
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
            with without_modes():
                self._watch.went_to_host(args[0])
        return func(*args, **(kwargs or {}))


def _comes_to_host(given: torch.Tensor, made: torch.Tensor) -> bool:
    return made.device.type == "cpu" and given.device.type != "cpu"
