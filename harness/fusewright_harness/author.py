"""The author's role: TorchInductor writes the TRITON block that PYTHON and TEST ask for.

Both blocks run as they do for a verdict, with ``cuda`` meaning the CPU; then the reference is traced, without values.
Nothing that comes of it is trusted: it is a block like any other, to be judged.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Any

import torch

from fusewright_harness import inductor
from fusewright_harness.call import Arguments
from fusewright_harness.cuda_on_cpu import cuda_on_cpu
from fusewright_harness.faults import Fault, fault_from_exception
from fusewright_harness.loader import entry_point, load_block
from fusewright_harness.main_block import run_main_block
from fusewright_harness.transfer import Sent

_SEED = 0


class Author:
    """Answers ``write``. Lives in a process of its own, which is used once."""

    def handle(
        self, verb: str, message: dict[str, Any], _descriptors: list[int]
    ) -> tuple[dict[str, Any], Sent | None]:
        """The kernel (``triton``, ``kernels``, ``launches``), or what stands in the way (``unsupported``)."""
        if verb != "write":
            raise ValueError(f"the author knows no verb {verb!r}")
        pair = message["pair"]
        with cuda_on_cpu():
            torch.manual_seed(_SEED)
            reference, arguments = _task(pair)
        try:
            written = inductor.write(
                reference,
                *_bound(reference, arguments),
                name=pair["entry"]["candidate"],
                target=message["target"],
            )
        except inductor.Unsupported as refusal:
            return {"unsupported": _unsupported(refusal)}, None
        except Exception as error:
            raise fault_from_exception(error, "pytorch", "run", pair["file"]) from error
        return {
            "triton": written.code,
            "kernels": list(written.kernels),
            "launches": written.launches,
        }, None


def _unsupported(refusal: inductor.Unsupported) -> dict[str, Any]:
    return {
        "operator": refusal.operator,
        "message": refusal.sentence,
        "line": refusal.line,
    }


def _task(pair: dict[str, Any]) -> tuple[Callable[..., Any], Arguments]:
    """The reference and one set of its inputs, as the pair makes them."""
    python = load_block(pair["python"], pair["file"], "pytorch")
    reference = entry_point(python, pair["entry"]["reference"], "pytorch")
    test = load_block(pair["test"], pair["file"], "test") if pair.get("test") else None
    if pair["inputs"] == "main":
        recording = run_main_block(
            pair["main"], pair["file"], python, test, [pair["entry"]["candidate"]], reference
        )
        return recording.reference, recording.arguments
    blocks = [python] if test is None else [test, python]
    if pair["entry"]["convention"] == "modules":
        init = _made_by(blocks, "get_init_inputs", pair["file"], optional=True)
        try:
            reference = init.call(reference)
        except Exception as error:
            raise fault_from_exception(error, "pytorch", "run", pair["file"]) from error
    return reference, _made_by(blocks, pair["inputs"], pair["file"])


def _made_by(blocks: list[types.ModuleType], name: str, file: str, optional: bool = False) -> Arguments:
    """What the function of that name gives, in the first of the blocks that has it."""
    make: Any = next((block.__dict__[name] for block in blocks if callable(block.__dict__.get(name))), None)
    if make is None:
        if optional:
            return Arguments((), {})
        raise Fault("test", "inputs", "NoInputs", f"`{name}()` is not there once the TEST block has run")
    try:
        return Arguments.of(make())
    except BaseException as error:
        raise fault_from_exception(error, "test", "inputs", file) from error


def _bound(reference: Callable[..., Any], arguments: Arguments) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments by position, as far as the reference's parameters go, and those by name alone."""
    if not arguments.named:
        return arguments.positional, {}
    try:
        bound = inspect.signature(getattr(reference, "forward", reference)).bind(
            *arguments.positional, **arguments.named
        )
    except (TypeError, ValueError) as error:
        raise Fault("test", "inputs", type(error).__name__, f"the inputs do not fit: {error}") from error
    return bound.args, bound.kwargs
