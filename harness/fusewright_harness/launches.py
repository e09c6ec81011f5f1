"""Which kernels a call of the candidate launches, seen from its process; and the same call with launches left out.

Every launch passes through the ``run`` of a jitted function, or, where a compiled kernel is called by hand (as the
fused softmax of Triton's tutorials does), through ``CompiledKernel.__getitem__``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import torch

from fusewright_harness.interpreter.definition import definition_line
from fusewright_harness.operators import OperatorWatch

Key = tuple[str, int | None]
"""A kernel's name and the line of its ``def``."""


class LaunchWatch:
    """Records launches inside :meth:`one_call`, and costs next to nothing outside."""

    def __init__(self, interpreted: bool) -> None:
        self._interpreted = interpreted
        self._recorded: Launches | None = None
        self._left_out: Callable[[Key], bool] | None = None
        self._operators: OperatorWatch | None = None
        self._leaving_out = False
        self.launched = 0
        """How many launches there were since :meth:`install`."""

    def install(self) -> None:
        """Puts the hooks in place, before any code of the pair is loaded."""
        if self._interpreted:
            from triton.runtime.interpreter import InterpretedFunction

            from fusewright_harness.interpreter.grid import OBSERVERS

            self._hook_run(InterpretedFunction)
            OBSERVERS.append(self._before_interpreting)
            return
        from triton.compiler.compiler import CompiledKernel
        from triton.runtime.jit import JITFunction

        self._hook_run(JITFunction)
        self._hook_compiled(CompiledKernel)

    @contextmanager
    def one_call(
        self, operators: OperatorWatch | None = None, left_out: Callable[[Key], bool] | None = None
    ) -> Any:
        """Yields the :class:`Launches` of what runs inside.

        ``operators`` is told of each launch. Launches of kernels for which ``left_out`` says yes do nothing.
        """
        self._recorded, self._operators, self._left_out = Launches(), operators, left_out
        try:
            yield self._recorded
        finally:
            self._recorded = self._operators = self._left_out = None

    def _before_interpreting(self, _function: Any, _grid: Any) -> bool:
        # Grid and hooks, which are the pair's own code, have run by now; what follows is the interpreter's.
        if self._operators is not None:
            self._operators.paused = True
        return not self._leaving_out

    def _hook_run(self, owner: Any) -> None:
        original = owner.run

        def run(function: Any, *args: Any, **kwargs: Any) -> Any:
            recorded = self._recorded
            self.launched += not kwargs.get("warmup")
            if recorded is None or kwargs.get("warmup"):
                return original(function, *args, **kwargs)
            key = kernel_key(function)
            self._tell(args, kwargs)
            self._leaving_out = self._left_out is not None and self._left_out(key)
            try:
                if self._leaving_out and not self._interpreted:
                    # Triton's own way to go through a launch, hooks and compilation, up to the launch itself.
                    kwargs = {**kwargs, "warmup": True}
                kernel = original(function, *args, **kwargs)
            finally:
                self._leaving_out = False
                if self._operators is not None:
                    self._operators.paused = False
            recorded.add(key, kernel)
            return kernel

        owner.run = run

    def _hook_compiled(self, owner: Any) -> None:
        original = owner.__getitem__

        def getitem(kernel: Any, grid: Any) -> Callable[..., Any]:
            launch = original(kernel, grid)

            def runner(*args: Any, **kwargs: Any) -> Any:
                recorded = self._recorded
                self.launched += 1
                function = getattr(getattr(kernel, "src", None), "fn", None)
                if recorded is None or function is None:
                    return launch(*args, **kwargs)
                key = kernel_key(function)
                self._tell(args, kwargs)
                recorded.add(key, kernel)
                if self._left_out is not None and self._left_out(key):
                    return None
                return launch(*args, **kwargs)

            return runner

        owner.__getitem__ = getitem

    def _tell(self, args: Any, kwargs: Any) -> None:
        if self._operators is not None:
            with torch._C.DisableTorchFunction():
                self._operators.launched(_tensors((*args, *kwargs.values())))


class Launches:
    """The launches of one call, by kernel."""

    def __init__(self) -> None:
        self._kernels: dict[Key, dict[str, Any]] = {}

    def add(self, key: Key, kernel: Any) -> None:
        """Counts one launch; ``kernel`` is the compiled one, or None. Of a tuned one the last variant is reported."""
        entry = self._kernels.setdefault(
            key,
            {
                "name": key[0],
                "line": key[1],
                "launches": 0,
                "device_ms": None,
                "registers": None,
                "shared_bytes": None,
                "spills": None,
            },
        )
        entry["launches"] += 1
        entry["registers"] = _whole(getattr(kernel, "n_regs", None))
        entry["spills"] = _whole(getattr(kernel, "n_spills", None))
        entry["shared_bytes"] = _whole(getattr(getattr(kernel, "metadata", None), "shared", None))

    def kernels(self) -> list[dict[str, Any]]:
        """The ``kernels`` of the verdict line, in the order of their first launch."""
        return list(self._kernels.values())


def kernel_key(function: Any) -> Key:
    """The key of a jitted function."""
    return function.fn.__name__, definition_line(function.fn)


def _tensors(values: Any) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    for value in values:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            found += _tensors(value)
        elif isinstance(getattr(value, "base", None), torch.Tensor):
            # A tensor descriptor, or Triton's own reinterpretation of a tensor.
            found.append(value.base)
    return found


def _whole(number: Any) -> int | None:
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None
