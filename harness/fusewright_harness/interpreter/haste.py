"""What triton's language computes anew at every operation, kept from one to the next.

A kernel of a few lines runs some fifty operations a program, and most of their time goes into wrapping shapes and
looking for constants. Nothing here changes a result.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import triton.language as tl
import triton.runtime.interpreter as interpreter

from . import upstream

if TYPE_CHECKING:
    from collections.abc import Callable


def install() -> None:
    """Replace them; after everything else that patches the language."""
    _keep_shapes()
    _keep_block_types()
    _pass_plain_values()
    _compare_identical_types()
    _call_builtins_directly()
    _leave_out_checks_that_report_nothing()


def _keep_shapes() -> None:
    original = tl.tensor.__init__
    known: dict[Any, tuple[Any, Any]] = {}

    def init(self: Any, handle: Any, type: Any) -> None:  # noqa: A002 - triton's name
        key = tuple(type.shape) if type.is_block() else ()
        found = known.get(key)
        if found is None:
            original(self, handle, type)
            if set(vars(self)) == {"handle", "shape", "numel", "type", "dtype"}:
                known[key] = (self.shape, self.numel)
            return
        self.handle = handle
        self.type = type
        self.dtype = type.scalar
        self.shape, self.numel = found

    tl.tensor.__init__ = init


def _keep_block_types() -> None:
    original = tl.block_type.__init__
    known: dict[Any, dict[str, Any]] = {}

    def init(self: Any, element_ty: Any, shape: Any) -> None:
        sizes = tuple([size if type(size) is int else getattr(size, "value", size) for size in shape])
        key = (element_ty.name, sizes)
        found = known.get(key)
        if found is None:
            original(self, element_ty, shape)
            known[key] = {name: value for name, value in vars(self).items() if name != "element_ty"}
            return
        self.__dict__.update(found)
        self.element_ty = element_ty

    tl.block_type.__init__ = init


def _pass_plain_values() -> None:
    original = getattr(tl.core, "_unwrap_if_constexpr", None)
    if original is None:
        return
    plain = frozenset({int, float, bool, str, type(None), tl.tensor, tl.dtype, tl.block_type})

    def unwrap(value: Any) -> Any:
        return value if type(value) in plain else original(value)

    tl.core._unwrap_if_constexpr = unwrap


def _compare_identical_types() -> None:
    original = tl.dtype.__eq__

    def equal(self: Any, other: Any) -> bool:
        return self is other or original(self, other)

    tl.dtype.__eq__ = equal


def _call_builtins_directly() -> None:
    ((keyword, value),) = upstream.semantic_keywords().items()
    for owner in (tl, tl.core, tl.math, tl.tensor, getattr(tl.core, "tensor_descriptor_base", None)):
        for name, patched in list(vars(owner).items()) if owner is not None else ():
            member = (getattr(patched, "__kwdefaults__", None) or {}).get("member")
            if member is not None:
                setattr(owner, name, _direct(getattr(member, "__wrapped__", member), keyword, value))


def _direct(member: Callable[..., Any], keyword: str, value: Any) -> Callable[..., Any]:
    def call(*arguments: Any, **keywords: Any) -> Any:
        keywords[keyword] = value
        return member(*arguments, **keywords)

    call.__name__ = getattr(member, "__name__", "call")
    return call


def _leave_out_checks_that_report_nothing() -> None:
    # Overflow of integers is computed in 64 bits beside each operation, for an assertion that is off without `debug`.
    options = interpreter.interpreter_builder.options
    if getattr(options, "sanitize_overflow", False) and not options.debug:
        quiet = dataclasses.replace(options, sanitize_overflow=False)
        interpreter.interpreter_builder.options = quiet
