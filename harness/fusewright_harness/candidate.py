"""The candidate's role: it runs TRITON on copies of the inputs, and knows nothing else."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import torch

from fusewright_harness.call import Arguments, finish
from fusewright_harness.compile_error import explain_compile_error, is_compile_error
from fusewright_harness.faults import Fault, fault_from_exception, out_of_memory, pair_traceback
from fusewright_harness.launches import LaunchWatch
from fusewright_harness.loader import entry_point, load_block
from fusewright_harness.poison import Poison
from fusewright_harness.stopwatch import VERBS, Stopwatch
from fusewright_harness.transfer import Sent, clone_value, receive_value, send_value, total_bytes
from fusewright_harness.values import Untransferable


class Candidate:
    """Answers the judge for the TRITON block. Lives in a process of its own."""

    def __init__(self, device: torch.device, interpreted: bool) -> None:
        self._device = device
        self._poison = Poison()
        self._poison.install()
        self._watch = LaunchWatch(interpreted)
        self._watch.install()
        self._stopwatch = Stopwatch.on(device)
        self._file = ""
        self._pair: dict[str, Any] = {}
        self._module: types.ModuleType | None = None
        self._function: Callable[..., Any] | None = None
        self._inputs: list[Any] = []

    def handle(
        self, verb: str, message: dict[str, Any], descriptors: list[int]
    ) -> tuple[dict[str, Any], Sent | None]:
        """Answers one of the judge's verbs: load, call, again, forget, and the stopwatch's."""
        if verb == "load":
            return self._load(message["pair"]), None
        if verb == "call":
            return self._receive_and_call(message, descriptors)
        if verb == "again":
            return self._call(message["index"])
        if verb == "forget":
            self._inputs[: message["below"]] = [None] * message["below"]
            self._stopwatch.rest()
            return {}, None
        if verb in VERBS:
            return self._timed(verb, message)
        raise ValueError(f"the candidate knows no verb {verb!r}")

    def _load(self, pair: dict[str, Any]) -> dict[str, Any]:
        self._pair = pair
        self._file = pair["file"]
        self._module = load_block(pair["triton"], self._file, "triton")
        return {}

    def _receive_and_call(
        self, message: dict[str, Any], descriptors: list[int]
    ) -> tuple[dict[str, Any], Sent]:
        value = receive_value(message["value"], descriptors)
        if self._function is None:
            assert self._module is not None  # Set by `load`.
            self._function = find_candidate(
                self._module, self._pair, message.get("candidate"), value, self._device
            )
        self._inputs.append(value["arguments"])
        return self._call(len(self._inputs) - 1)

    def _call(self, index: int) -> tuple[dict[str, Any], Sent]:
        arguments = Arguments.from_value(clone_value(self._inputs[index]))
        with (
            self._watch.one_call() as launches,
            self._poison.on(self._device, total_bytes(self._inputs[index])),
        ):
            try:
                result = arguments.call(self._function)
                finish(self._device)
            except BaseException as error:
                raise self._fault(error) from error
        return {"kernels": launches.kernels()}, self._send({"result": result, "after": arguments.as_value()})

    def _fault(self, error: BaseException) -> Fault:
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
            return {}, self._send({"result": self._stopwatch.kept_output(message["call"])})
        except torch.cuda.OutOfMemoryError as error:
            # It ran before; what is lacking now is room for the copies that timing takes.
            raise out_of_memory() from error
        except (Fault, Untransferable):
            raise
        except Exception as error:
            raise fault_from_exception(error, "triton", "timing", self._file) from error

    def _send(self, value: Any) -> Sent:
        try:
            return send_value(value)
        except Untransferable as error:
            raise Fault(
                "triton", "check", "Untransferable", f"the candidate returned {error}", None
            ) from error


def find_candidate(
    module: types.ModuleType,
    pair: dict[str, Any],
    named: str | None,
    value: dict[str, Any],
    device: torch.device,
) -> Callable[..., Any]:
    """The callable to judge: the wrapper, or an instance of ``ModelNew`` with the reference's parameters.

    ``named`` is the wrapper that the main block handed over, where one did; ``value`` came with the inputs.
    """
    found = entry_point(module, named or pair["entry"]["candidate"], "triton")
    if pair["entry"]["convention"] != "modules":
        return found
    try:
        instance = Arguments.from_value(value["init"]).call(found)
        instance = instance.to(device) if device.type == "cuda" else instance
    except Exception as error:
        raise fault_from_exception(error, "triton", "run", pair["file"]) from error
    _load_state(instance, value["state"])
    return instance


def _load_state(module: Any, state: dict[str, Any]) -> None:
    own = module.state_dict()
    if set(own) != set(state):
        raise Fault(
            "triton",
            "run",
            "StateDict",
            "the modules' parameters differ in name: "
            f"the reference has {sorted(state)}, the candidate has {sorted(own)}",
        )
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise Fault("triton", "run", "StateDict", str(error)) from error
