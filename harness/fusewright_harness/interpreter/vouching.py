"""What the interpreter cannot vouch for: said in one sentence, never computed wrongly."""

from __future__ import annotations

from typing import Any


class CannotVouch(Exception):
    """A kernel uses an operation that the interpreter does not have, or failed its own check of."""

    def __init__(self, what: str) -> None:
        super().__init__(f"triton's interpreter cannot vouch for {what}: judge this pair on a GPU")


def refuse(owner: Any, attribute: str, what: str) -> None:
    """Make ``owner``'s function ``attribute`` say that the interpreter cannot vouch for ``what``."""

    def refusing(*_arguments: Any, **_keywords: Any) -> Any:
        raise CannotVouch(what)

    setattr(owner, attribute, refusing)


def _missing(self: Any, name: str) -> Any:
    if name.startswith(("create_", "new_block")):
        raise CannotVouch(f"`{name.removeprefix('create_')}`, which it does not have")
    raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def _inline_assembly(*_arguments: Any) -> Any:
    raise CannotVouch("inline assembly, which is PTX and runs on a GPU alone")


def install() -> None:
    """Give operations that the interpreter's builder lacks a sentence of their own."""
    from triton.runtime.interpreter import InterpreterBuilder

    InterpreterBuilder.__getattr__ = _missing
    InterpreterBuilder.create_inline_asm = _inline_assembly
