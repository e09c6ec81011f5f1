"""Mends triton's interpreter in this process, and says where it could not."""

from __future__ import annotations

import os

_applied = False
_failure: str | None = None
_coverage: tuple[str | None, list[str]] | None = None


def apply() -> None:
    """Mend triton's interpreter, once for the process.

    Call it before the pair's code is loaded, in a process in which ``TRITON_INTERPRET=1`` stood in the environment
    before triton was imported. What this version of triton does not let itself be mended is reported by `coverage`.

    Raises:
        RuntimeError: triton was imported to compile, not to interpret.

    """
    global _applied, _failure
    if _applied:
        return
    os.environ.setdefault("TRITON_INTERPRET", "1")
    import triton
    import triton.language as tl
    from triton.runtime.interpreter import InterpretedFunction

    if not isinstance(tl.zeros, InterpretedFunction):
        raise RuntimeError(
            "triton was imported without TRITON_INTERPRET=1: the interpreter needs a process of its own"
        )
    _applied = True
    try:
        _install()
    except (AttributeError, ImportError, TypeError, KeyError) as error:
        _failure = (
            f"triton {triton.__version__}'s interpreter cannot be mended: {type(error).__name__}: {error}; "
            "use a version between 3.2 and 3.9"
        )


def _install() -> None:
    from triton.runtime.interpreter import InterpreterBuilder

    from . import (
        arithmetic,
        autotuning,
        bfloat16,
        casts,
        dot,
        driver,
        grid,
        haste,
        lane_races,
        language,
        libdevice,
        mapping,
        memory,
        reductions,
        scaled_dot,
        upstream,
        vouching,
    )

    upstream.install()
    bfloat16.install()
    casts.install()
    arithmetic.install()
    dot.install()
    memory.install()
    # Reductions replace what patching the language puts in place.
    language.install()
    reductions.install()
    scaled_dot.install()
    lane_races.install(InterpreterBuilder)
    mapping.install()
    vouching.install()
    libdevice.install()
    grid.install()
    autotuning.install()
    driver.install()
    haste.install()


def coverage() -> str | None:
    """None where the mended interpreter can be trusted with kernels, else one sentence that says why not.

    The check runs small kernels on values whose results are known bit for bit; it takes some tens of milliseconds
    and is made once a process. Operations that it finds wrong refuse to run from then on, and `gaps` names them.
    `apply` is called first if it was not yet.
    """
    return _checked()[0]


def gaps() -> list[str]:
    """What the mended interpreter cannot vouch for, kind by kind; kernels that use none of it are judged."""
    return _checked()[1]


def _checked() -> tuple[str | None, list[str]]:
    global _coverage
    if _coverage is None:
        apply()
        _coverage = (_failure, []) if _failure else _check()
    return _coverage


def _check() -> tuple[str | None, list[str]]:
    import triton

    from . import self_check

    wrong = self_check.failures()
    fundamental = [str(failure) for failure in wrong if failure.fundamental]
    if fundamental:
        return f"the interpreter of triton {triton.__version__} is not right on {', '.join(fundamental)}", []
    for failure in wrong:
        self_check.refuse(failure)
    return None, [str(failure) for failure in wrong]
