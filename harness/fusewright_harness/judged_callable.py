"""The callable of the TRITON block that is judged: its wrapper, or its module, made as the reference's was."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import torch

from fusewright_harness.call import Arguments
from fusewright_harness.faults import Fault, fault_from_exception
from fusewright_harness.loader import entry_point


def find_candidate(
    module: types.ModuleType,
    pair: dict[str, Any],
    named: str | None,
    value: dict[str, Any],
    device: torch.device,
) -> Callable[..., Any]:
    """The callable to judge: the wrapper, or an instance of ``ModelNew`` with the reference's parameters.

    ``named`` is the wrapper that the main block handed over, where one did; ``value`` came with the inputs.
    """
    found = entry_point(module, named or pair["entry"]["candidate"], "triton")
    if pair["entry"]["convention"] != "modules":
        return found
    try:
        instance = Arguments.from_value(value["init"]).call(found)
        instance = instance.to(device) if device.type == "cuda" else instance
    except Exception as error:
        raise fault_from_exception(error, "triton", "run", pair["file"]) from error
    _load_state(instance, value["state"])
    return instance


def _load_state(module: Any, state: dict[str, Any]) -> None:
    own = module.state_dict()
    if set(own) != set(state):
        raise Fault(
            "triton",
            "run",
            "StateDict",
            "the modules' parameters differ in name: "
            f"the reference has {sorted(state)}, the candidate has {sorted(own)}",
        )
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise Fault("triton", "run", "StateDict", str(error)) from error
