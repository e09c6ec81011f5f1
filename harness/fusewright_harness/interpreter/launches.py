"""Which kernels a piece of code launches, and what becomes of its result when they do nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import types


@dataclass(frozen=True)
class Launch:
    """One launch: the kernel's name, the line of its ``def`` in its file, the file, and the grid, filled with ones."""

    name: str
    line: int
    file: str
    grid: tuple[int, int, int]


@dataclass
class KernelLaunches:
    """All launches of one kernel: how many, and the grid of the first."""

    name: str
    line: int
    file: str
    grid: tuple[int, int, int]
    launches: int = 1


@dataclass
class LaunchLog:
    """Records every kernel launched in this process while it is entered.

    With ``replace_with_nothing`` the launches are recorded and left out: memory stays as it was. Works in the
    mended interpreter as well as on CUDA, where ``JITFunction.run`` is wrapped.
    """

    replace_with_nothing: bool = False
    launches: list[Launch] = field(default_factory=list)

    def __enter__(self) -> LaunchLog:
        from triton import knobs

        if knobs.runtime.interpret:
            from . import grid

            grid.OBSERVERS.append(self._observe)
        else:
            self._wrap_compiled()
        return self

    def __exit__(self, *_exception: object) -> None:
        from triton import knobs

        if knobs.runtime.interpret:
            from . import grid

            grid.OBSERVERS.remove(self._observe)
        else:
            from triton.runtime.jit import JITFunction

            JITFunction.run = self._compiled_run

    def kernels(self) -> list[KernelLaunches]:
        """The launches, one entry a kernel, in the order of the first launch of each."""
        found: dict[tuple[str, str, int], KernelLaunches] = {}
        for launch in self.launches:
            key = (launch.file, launch.name, launch.line)
            if key in found:
                found[key].launches += 1
            else:
                found[key] = KernelLaunches(launch.name, launch.line, launch.file, launch.grid)
        return list(found.values())

    def _observe(self, function: types.FunctionType, grid: tuple[int, int, int]) -> bool:
        from .definition import definition_line

        line = definition_line(function)
        self.launches.append(Launch(function.__name__, line, function.__code__.co_filename, grid))
        return not self.replace_with_nothing

    def _wrap_compiled(self) -> None:
        from triton.runtime.jit import JITFunction

        original = self._compiled_run = JITFunction.run
        log = self

        def run(kernel: Any, *arguments: Any, grid: Any, warmup: bool = False, **keywords: Any) -> Any:
            if warmup:
                return original(kernel, *arguments, grid=grid, warmup=True, **keywords)
            sizes = grid
            if callable(grid):
                bound = dict(zip(kernel.arg_names, arguments, strict=False))
                sizes = grid({**bound, **keywords})
            full = (*sizes, 1, 1, 1)[:3]
            if not log._observe(kernel.fn, full):
                return None
            return original(kernel, *arguments, grid=sizes, warmup=False, **keywords)

        JITFunction.run = run
