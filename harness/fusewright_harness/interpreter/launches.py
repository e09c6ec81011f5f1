"""Which kernels a piece of code launches, and what becomes of its result when they do nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .definition import definition_line

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
    _observers: list[Any] = field(default_factory=list, init=False, repr=False)

    def __enter__(self) -> LaunchLog:
        from . import upstream

        if upstream.interprets():
            from .grid import OBSERVERS

            self._observers = OBSERVERS
        else:
            self._observers = _COMPILED.observers
            _COMPILED.install()
        self._observers.append(self._observe)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._observers.remove(self._observe)
        _COMPILED.remove_if_unused()

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
        line = definition_line(function)
        self.launches.append(Launch(function.__name__, line, function.__code__.co_filename, grid))
        return not self.replace_with_nothing


class _CompiledLaunches:
    """Tells the logs of launches on a GPU, by standing in front of ``JITFunction.run`` while there are any."""

    def __init__(self) -> None:
        self.observers: list[Any] = []
        self._original: Any = None

    def install(self) -> None:
        if self._original is not None:
            return
        from triton.runtime.jit import JITFunction

        original = self._original = JITFunction.run

        def run(kernel: Any, *arguments: Any, grid: Any, warmup: bool = False, **keywords: Any) -> Any:
            if warmup:
                return original(kernel, *arguments, grid=grid, warmup=True, **keywords)
            named = {**dict(zip(kernel.arg_names, arguments, strict=False)), **keywords}
            sizes = grid(named) if callable(grid) else grid
            full = (*sizes, 1, 1, 1)[:3]
            answers = [observer(kernel.fn, full) for observer in self.observers]
            if not all(answers):
                return None
            return original(kernel, *arguments, grid=sizes, warmup=False, **keywords)

        JITFunction.run = run

    def remove_if_unused(self) -> None:
        if self._original is not None and not self.observers:
            from triton.runtime.jit import JITFunction

            JITFunction.run = self._original
            self._original = None


_COMPILED = _CompiledLaunches()
