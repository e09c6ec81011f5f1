"""Which kernels a call of the candidate launches, seen from its process.

On a GPU every launch passes through ``JITFunction.run``, which returns the compiled kernel with its resources; the
interpreter's launches are recorded by :mod:`fusewright_harness.interpreter.launches`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from fusewright_harness.interpreter.definition import definition_line


class LaunchWatch:
    """Records launches inside :meth:`one_call`, and costs next to nothing outside."""

    def __init__(self, interpreted: bool) -> None:
        self._interpreted = interpreted
        self._recorded: Launches | None = None
        self.launched = 0
        """How many launches there were, on a GPU, since :meth:`install`."""

    def install(self) -> None:
        """Puts the hook in place, before any code of the pair is loaded."""
        if self._interpreted:
            return
        from triton.runtime.jit import JITFunction

        original = JITFunction.run

        def run(function: Any, *args: Any, **kwargs: Any) -> Any:
            kernel = original(function, *args, **kwargs)
            self.launched += not kwargs.get("warmup")
            if self._recorded is not None and not kwargs.get("warmup"):
                self._recorded.add(function, kernel)
            return kernel

        JITFunction.run = run

    @contextmanager
    def one_call(self) -> Any:
        """Yields the :class:`Launches` of what runs inside."""
        recorded = Launches()
        if self._interpreted:
            from fusewright_harness.interpreter.launches import LaunchLog

            with LaunchLog() as log:
                yield recorded
            for kernel in log.kernels():
                recorded.entry(kernel.name, kernel.line)["launches"] = kernel.launches
            return
        self._recorded = recorded
        try:
            yield recorded
        finally:
            self._recorded = None


class Launches:
    """The launches of one call, by kernel."""

    def __init__(self) -> None:
        self._kernels: dict[tuple[str, int | None], dict[str, Any]] = {}

    def add(self, function: Any, kernel: Any) -> None:
        """Counts one launch of a compiled kernel; an autotuned one reports the variant launched last."""
        entry = self.entry(function.fn.__name__, definition_line(function.fn))
        entry["launches"] += 1
        entry["registers"] = _whole(getattr(kernel, "n_regs", None))
        entry["spills"] = _whole(getattr(kernel, "n_spills", None))
        entry["shared_bytes"] = _whole(getattr(getattr(kernel, "metadata", None), "shared", None))

    def kernels(self) -> list[dict[str, Any]]:
        """The ``kernels`` of the verdict line, in the order of their first launch."""
        return list(self._kernels.values())

    def entry(self, name: str, line: int | None) -> dict[str, Any]:
        """What is known of one kernel, to be filled in."""
        return self._kernels.setdefault(
            (name, line),
            {
                "name": name,
                "line": line,
                "launches": 0,
                "device_ms": None,
                "registers": None,
                "shared_bytes": None,
                "spills": None,
            },
        )


def _whole(number: Any) -> int | None:
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None
