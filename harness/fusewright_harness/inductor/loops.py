"""Refuses what only a kernel as long as its inputs could do: Python loops over a size, and sizes halved by turns.

TorchInductor writes a Python loop out, round after round. That takes minutes and nobody could read it, long before
it would be too long for a compiler.
"""

from __future__ import annotations

import inspect
import linecache
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import sympy
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._sympy.functions import FloorDiv

from fusewright_harness.inductor.unsupported import Unsupported

_MOST_ROUNDS = 16
"""Rounds of a loop that are written out."""
_MOST_QUOTIENTS = 2
"""Divisions by a rounded quotient in one size, with which torch's solver of sizes still comes to an end."""


class Loops(TorchDispatchMode):
    """While it is entered counts how often each place of the reference's file calls an operator.

    Raises:
        Unsupported: a place has its 17th round, or a size is made of quotients of quotients. Names operator and line.

    """

    def __init__(self, reference: Callable[..., Any]) -> None:
        super().__init__()
        self._file = _file_of(reference)
        self._rounds: Counter[tuple[Any, ...]] = Counter()

    def __torch_dispatch__(
        self, operator: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Runs the operator as it is."""
        result = operator(*args, **(kwargs or {}))
        frames = self._frames()
        if frames:
            name = operator.overloadpacket.__name__
            if _is_involved(result):
                raise _halving(name, frames[0])
            if _computes(operator):
                place = (name, *((frame.f_code, frame.f_lasti) for frame in frames))
                self._rounds[place] += 1
                if self._rounds[place] > _MOST_ROUNDS:
                    raise _loop(name, frames[0])
        return result

    def _frames(self) -> list[FrameType]:
        """The reference's own frames, the innermost first."""
        found = []
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename == self._file:
                found.append(frame)
            frame = frame.f_back
        return found


def _file_of(reference: Callable[..., Any]) -> str | None:
    function = inspect.unwrap(getattr(reference, "forward", reference))
    code = getattr(function, "__code__", None)
    return None if code is None else code.co_filename


def _computes(operator: Any) -> bool:
    """Whether an operator gives a new tensor, and not another view of one or what is known of one."""
    returned = operator._schema.returns
    return bool(returned) and all(
        str(value.type).startswith(("Tensor", "List[Tensor]")) and value.alias_info is None
        for value in returned
    )


def _is_involved(result: Any) -> bool:
    tensors = result if isinstance(result, (list, tuple)) else [result]
    sizes = [size for tensor in tensors if isinstance(tensor, torch.Tensor) for size in tensor.shape]
    return any(
        _quotients(size.node.expr) > _MOST_QUOTIENTS for size in sizes if isinstance(size, torch.SymInt)
    )


def _quotients(size: sympy.Expr) -> int:
    """How many divisions there are in ``size`` by what is rounded itself."""
    parts = sympy.preorder_traversal(size)
    return sum(isinstance(part, FloorDiv) and part.args[1].has(FloorDiv) for part in parts)


def _loop(operator: str, frame: FrameType) -> Unsupported:
    text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    where = f" (`{text}`)" if text else ""
    return Unsupported(
        operator,
        f"a Python loop calls `{operator}` more than {_MOST_ROUNDS} times on line {frame.f_lineno}{where}, and "
        "TorchInductor would write every round out: do all rounds by one operator, such as cumsum or a product "
        "with a matrix, or have a language model write the kernel",
        frame.f_lineno,
    )


def _halving(operator: str, frame: FrameType) -> Unsupported:
    return Unsupported(
        operator,
        f"`{operator}` on line {frame.f_lineno} splits a size by quotients of that size, round after round, which "
        "TorchInductor can do for one size alone: have a language model write the kernel",
        frame.f_lineno,
    )
