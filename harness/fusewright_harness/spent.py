"""What a candidate's first call spends on compiling its kernels and on searching for the best variant of one."""

from __future__ import annotations

import time
from typing import Any

_clock = time.perf_counter
_COMPILED_S = 2e-3
"""A launch that takes longer than this was a compilation: others take some ten microseconds."""


class Spent:
    """Adds the time up, once :meth:`install` has put its hooks in place; the numbers are for people."""

    def __init__(self) -> None:
        self._compile_s = 0.0
        self._search_s = 0.0
        self._searching = False

    def install(self) -> None:
        """Puts the hooks in place, before any code of the pair is loaded."""
        from triton.runtime.autotuner import Autotuner
        from triton.runtime.jit import JITFunction

        launch, bench = JITFunction.run, Autotuner._bench

        def run(function: Any, *args: Any, **kwargs: Any) -> Any:
            begun = _clock()
            try:
                return launch(function, *args, **kwargs)
            finally:
                took = _clock() - begun
                if took > _COMPILED_S and not self._searching:
                    self._compile_s += took

        def search(tuner: Any, *args: Any, **kwargs: Any) -> Any:
            begun, self._searching = _clock(), True
            try:
                return bench(tuner, *args, **kwargs)
            finally:
                self._searching = False
                self._search_s += _clock() - begun

        JITFunction.run, Autotuner._bench = run, search

    def take(self) -> dict[str, float]:
        """The milliseconds since the last time, by phase; phases that took none are left out."""
        spent = {"compile": self._compile_s * 1e3, "autotune": self._search_s * 1e3}
        self._compile_s = self._search_s = 0.0
        return {phase: round(ms, 2) for phase, ms in spent.items() if ms > 0}
