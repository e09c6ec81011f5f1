"""Inputs from a main block: the file is run as its author would run it, up to the call that tests the pair.

The TRITON block is not there: each of its names is a stub that returns the reference's result. ``test_performance``
is a recorder that ends the run; what it was handed is what is judged.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fusewright_harness.call import Arguments
from fusewright_harness.faults import Fault
from fusewright_harness.loader import load_block


class _Recorded(BaseException):
    """Ends the main block once the inputs are known; no ``except Exception`` of the block holds it up."""


@dataclass
class Recording:
    """What the main block handed to ``test_performance``."""

    arguments: Arguments
    reference: Callable[..., Any]
    candidate: str | None
    """The name of the TRITON function that was handed over, or None where it was wrapped in another."""


class _Stub:
    """Stands for a name of the TRITON block."""

    def __init__(self, name: str, runner: _Runner) -> None:
        self._name = name
        self._runner = runner

    def __call__(self, *positional: Any, **named: Any) -> Any:
        arguments = Arguments(positional, named)
        self._runner.stub_call = self._runner.stub_call or (self._name, arguments)
        return arguments.call(self._runner.reference)

    def __getitem__(self, _grid: Any) -> Callable[..., Any]:
        return lambda *_positional, **_named: None


class _Runner:
    def __init__(self, reference: Callable[..., Any]) -> None:
        self.reference = reference
        self.recording: Recording | None = None
        self.stub_call: tuple[str, Arguments] | None = None

    def record(self, original: Callable[..., Any] | None) -> Callable[..., Any]:
        def recorder(*positional: Any, **named: Any) -> Any:
            given = _bind(original, positional, named)
            functions = [value for value in given.values() if callable(value)]
            rest = [value for value in given.values() if isinstance(value, (tuple, list, dict))]
            tensors = [value for value in given.values() if hasattr(value, "untyped_storage")]
            arguments = Arguments.of(rest[0]) if rest else Arguments(tuple(tensors), {})
            stub = next((function for function in functions if isinstance(function, _Stub)), None)
            plain = [function for function in functions if not isinstance(function, _Stub)]
            self.recording = Recording(arguments, plain[0] if plain else self.reference, stub and stub._name)
            raise _Recorded

        return recorder


def run_main_block(
    main: dict[str, Any],
    filename: str,
    python: types.ModuleType,
    test: types.ModuleType | None,
    triton_names: list[str],
    reference: Callable[..., Any],
) -> Recording:
    """Runs ``main`` and returns what it would have tested.

    Raises :class:`Fault` (implementation "test") where it fails, or never tests anything.
    """
    runner = _Runner(reference)
    namespace = {**python.__dict__, **(test.__dict__ if test else {})}
    namespace = {name: value for name, value in namespace.items() if not name.startswith("__")}
    namespace |= {name: _Stub(name, runner) for name in triton_names}
    original = namespace.get("test_performance")
    namespace["test_performance"] = runner.record(original)
    try:
        load_block(main, filename, "test", namespace, name="__main__")
    except _Recorded:
        pass
    except Fault as fault:
        # An error after the kernel was called does not matter: the inputs are known.
        if runner.stub_call is None:
            fault.stage = "inputs" if fault.stage == "import" else fault.stage
            raise
    if runner.recording is not None:
        return runner.recording
    if runner.stub_call is not None:
        name, arguments = runner.stub_call
        return Recording(arguments, reference, name)
    raise Fault(
        "test",
        "inputs",
        "NoInputs",
        "the main block calls neither `test_performance` nor the Triton wrapper; define `get_test_inputs()` in TEST",
    )


def _bind(original: Callable[..., Any] | None, positional: Any, named: Any) -> dict[str, Any]:
    if original is not None:
        try:
            return dict(inspect.signature(original).bind(*positional, **named).arguments)
        except (TypeError, ValueError):
            pass
    return {**{str(index): value for index, value in enumerate(positional)}, **named}
