"""The candidate's role: it runs TRITON on copies of the inputs, and knows nothing else."""

from __future__ import annotations

import types
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch

from fusewright_harness.call import Arguments, finish
from fusewright_harness.call_trace import summary
from fusewright_harness.compile_error import explain_compile_error, is_compile_error
from fusewright_harness.cupti import Unavailable, profile_calls
from fusewright_harness.faults import Fault, fault_from_exception, out_of_memory, pair_line, pair_traceback
from fusewright_harness.intact import Intact
from fusewright_harness.interpreter import autotuning, lane_races, order
from fusewright_harness.interpreter.vouching import CannotVouch
from fusewright_harness.judged_callable import find_candidate
from fusewright_harness.launches import Key, LaunchWatch
from fusewright_harness.loader import load_block
from fusewright_harness.module_state import buffers_of
from fusewright_harness.operators import OperatorWatch, follow_registered_operators
from fusewright_harness.poison import Poison
from fusewright_harness.spent import Spent
from fusewright_harness.stopwatch import VERBS, Stopwatch
from fusewright_harness.transfer import (
    Sent,
    clone_value,
    overwrite_value,
    receive_value,
    send_value,
    total_bytes,
    without_modes,
)
from fusewright_harness.values import Untransferable, take_apart

_KEPT_BYTES = 1 << 30


class Candidate:
    """Answers the judge for the TRITON block. Lives in a process of its own."""

    def __init__(self, device: torch.device, interpreted: bool) -> None:
        self._device = device
        self._poison = Poison()
        self._poison.install()
        follow_registered_operators()
        self._spent = Spent()
        self._stop_tuning: Callable[[], None] = lambda: None
        if not interpreted:
            self._spent.install()
            self._stop_tuning = autotuning.install(later=True)
        self._watch = LaunchWatch(interpreted)
        self._watch.install()
        self._stopwatch = Stopwatch.on(device)
        self._file = ""
        self._pair: dict[str, Any] = {}
        self._module: types.ModuleType | None = None
        self._function: Callable[..., Any] | None = None
        # A module that was just made has made no call yet: what it keeps is told after its first.
        self._made = False
        self._inputs: list[Any] = []
        self._variants: dict[str, Any] = {}
        self._intact = Intact("triton")
        self._last: tuple[Any, Any] | None = None

    def handle(
        self, verb: str, message: dict[str, Any], descriptors: list[int]
    ) -> tuple[dict[str, Any], Sent | None]:
        """Answers one of the judge's verbs: load, call and its kinds, profile, forget, the stopwatch's."""
        if verb == "load":
            return self._load(message["pair"]), None
        if verb == "call":
            return self._receive_and_call(message, descriptors)
        if verb == "again":
            return self._call(self._inputs[message["index"]], watched=bool(message.get("watch")))
        if verb == "tuned":
            with autotuning.with_configuration(int(message["configuration"])):
                return self._call(self._inputs[message["index"]])
        if verb == "backwards":
            with order.WATCH.asking():
                return self._call(self._inputs[message["index"]])
        if verb == "without":
            return self._call_without(message)
        if verb == "variant":
            return self._call_variant(message, descriptors)
        if verb == "forget":
            self._last = None
            self._inputs[: message["below"]] = [None] * message["below"]
            self._stopwatch.rest()
            return {}, None
        if verb == "profile":
            return self._profile(), None
        if verb == "rest":
            self._stopwatch.rest()
            return {}, None
        if verb in VERBS:
            self._last = None
            return self._timed(verb, message)
        raise ValueError(f"the candidate knows no verb {verb!r}")

    def _load(self, pair: dict[str, Any]) -> dict[str, Any]:
        self._pair = pair
        self._file = pair["file"]
        self._intact.begin(self._file)
        with self._watch.one_call() as launches:
            self._module = load_block(pair["triton"], self._file, "triton")
        findings = self._intact.require()
        for kernel in launches.kernels():
            message = f"the TRITON block launches `{kernel['name']}` while it is imported; launch in the wrapper alone"
            raise Fault("triton", "trust", "LaunchAtImport", message, kernel["line"], verdict="rejected")
        return {"findings": findings}

    def _receive_and_call(
        self, message: dict[str, Any], descriptors: list[int]
    ) -> tuple[dict[str, Any], Sent]:
        self._find(message, value := receive_value(message["value"], descriptors))
        self._inputs.append(value["arguments"])
        watched, reused = bool(message.get("watch")), bool(message.get("reuse"))
        return self._call(self._inputs[-1], watched=watched, reused=reused)

    def _find(self, message: dict[str, Any], value: dict[str, Any]) -> None:
        if self._function is None:
            assert self._module is not None  # Set by `load`.
            self._made = True
            self._function = find_candidate(
                self._module, self._pair, message.get("candidate"), value, self._device
            )

    def _call_without(self, message: dict[str, Any]) -> tuple[dict[str, Any], Sent]:
        """Calls with the launches of one kernel, or of all, replaced by nothing."""
        kernel = message.get("kernel")

        def left_out(key: Key) -> bool:
            return kernel is None or list(key) == kernel

        self._last = None
        inputs = self._inputs[message["index"]]
        return self._call(inputs, watched=True, left_out=left_out, pattern=int(message["pattern"]))

    def _call_variant(self, message: dict[str, Any], descriptors: list[int]) -> tuple[dict[str, Any], Sent]:
        """Calls on inputs that are not kept. No kernel is tuned from then on."""
        self._find(message, value := receive_value(message["value"], descriptors))
        self._last = None
        # Searching anew at each size would take longer than all the rest.
        self._stop_tuning()
        if message.get("backwards"):
            with order.WATCH.asking():
                return self._call(value["arguments"])
        if not message.get("afresh"):
            return self._call(value["arguments"])
        assert self._module is not None  # Set by `load`.
        plain, self._function = self._function, None
        try:
            self._find(message, value)
            return self._call(value["arguments"])
        finally:
            self._function = plain

    def _call(
        self,
        inputs: Any,
        watched: bool = False,
        reused: bool = False,
        left_out: Callable[[Key], bool] | None = None,
        pattern: int | None = None,
    ) -> tuple[dict[str, Any], Sent]:
        before, self._last = self._last, None
        given = overwrite_value(before[0], inputs) if reused and before is not None else None
        arguments = Arguments.from_value(clone_value(inputs) if given is None else given)
        operators = OperatorWatch(self._file) if watched else None
        with ExitStack() as entered:
            launches = entered.enter_context(self._watch.one_call(operators, left_out))
            entered.enter_context(self._poison.on(self._device, total_bytes(inputs), pattern))
            if operators is not None:
                entered.enter_context(operators.host_mode())
                entered.enter_context(operators)
            try:
                result = arguments.call(self._function)
                finish(self._device)
            except BaseException as error:
                # What it did that it may not says more than the error that came of it.
                self._intact.require()
                raise self._fault(error) from error
        answer: dict[str, Any] = {
            "kernels": launches.kernels(),
            "findings": [*self._intact.require(), *_races()],
            "spent": self._spent.take(),
            "configurations": max((choice.configurations for choice in autotuning.choices()), default=1),
        }
        if operators is not None:
            answer["operators"] = summary(operators.trace)
        value = {"result": result, "after": arguments.as_value()}
        if self._made:
            value["state"], self._made = buffers_of(self._function), False
        sent = self._send(value)
        if before is not None:
            _refuse_reuse(before[1], result, arguments.as_value())
        if total_bytes((arguments.as_value(), result)) <= _KEPT_BYTES:
            self._last = arguments.as_value(), result
        return answer, sent

    def _fault(self, error: BaseException) -> Fault:
        if isinstance(error, order.DependsOnOrder):
            return Fault("triton", "trust", "DependsOnOrder", str(error), error.line, verdict="rejected")
        if isinstance(error, CannotVouch):
            # Not the pair's fault: it could not be judged here.
            line = pair_line(error.__traceback__, self._file)
            return Fault("harness", "run", "CannotVouch", str(error), line, verdict=None)
        if is_compile_error(error):
            explained = explain_compile_error(error, self._file)
            return Fault(
                "triton",
                "compile",
                explained.type,
                explained.message,
                explained.line,
                pair_traceback(error, self._file),
            )
        return fault_from_exception(error, "triton", "run", self._file)

    def _timed(self, verb: str, message: dict[str, Any]) -> tuple[dict[str, Any], Sent | None]:
        try:
            if verb == "prepare":
                return self._stopwatch.prepare(self._inputs, message), None
            if verb == "go":
                before = self._watch.launched
                times = self._stopwatch.go(self._function)
                return {**times, "launches": self._watch.launched - before}, None
            if verb == "stash":
                return self._stopwatch.stash(message["call"]), None
            return {}, self._send({"result": self._stopwatch.stashed_output(message["index"])})
        except torch.cuda.OutOfMemoryError as error:
            # It ran before; what is lacking now is room for the copies that timing takes.
            raise out_of_memory() from error
        except (Fault, Untransferable):
            raise
        except Exception as error:
            raise fault_from_exception(error, "triton", "timing", self._file) from error

    def _profile(self) -> dict[str, Any]:
        handles, activities = self._stopwatch.handles, self._stopwatch.activities
        if activities is None or handles is None:
            return {"problem": "torch came without CUPTI"}
        inputs = self._inputs[-1]
        try:
            profile = profile_calls(self._function, inputs, activities, handles)
        except Unavailable as refusal:
            return {"problem": str(refusal)}
        except Exception as error:
            raise fault_from_exception(error, "triton", "run", self._file) from error
        return profile._asdict()

    def _send(self, value: Any) -> Sent:
        try:
            return send_value(value)
        except Untransferable as error:
            raise Fault(
                "triton", "check", "Untransferable", f"the candidate returned {error}", None
            ) from error


def _races() -> list[dict[str, Any]]:
    """What lanes of one program were seen to do to each other, as warnings."""
    return [
        {
            "code": "RacingLanes",
            "message": f"lanes of one program {race.what}: on a GPU the later access may come first; put "
            "`tl.debug_barrier()` between",
            "line": race.line,
        }
        for race in lane_races.WATCH.take()
    ]


def _refuse_reuse(before: Any, result: Any, arguments: Any) -> None:
    """The output of an earlier call, which its caller still holds, must not be written to by a later one."""

    def storages(value: Any) -> set[int]:
        _tree, tensors = take_apart(value)
        return {
            tensor.untyped_storage().data_ptr() for tensor in tensors if tensor.untyped_storage().nbytes()
        }

    with without_modes():
        if (storages(before) & storages(result)) - storages(arguments):
            message = (
                "the candidate returns the memory of an earlier call's output again, while its caller still holds it; "
                "allocate the output in each call"
            )
            raise Fault("triton", "trust", "OutputReused", message, verdict="rejected")
