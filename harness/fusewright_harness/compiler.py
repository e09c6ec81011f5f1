"""The compiler's role: it calls the wrapper with every launch turned into a compilation for the target.

Triton's interpreter lets through what the compiler refuses, so a machine without a GPU wants both.
"""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.call import Arguments
from fusewright_harness.judged_callable import find_candidate
from fusewright_harness.loader import load_block
from fusewright_harness.transfer import Sent, receive_value


class Compiler:
    """Tells the judge whether the TRITON block compiles for a target."""

    def handle(
        self, verb: str, message: dict[str, Any], descriptors: list[int]
    ) -> tuple[dict[str, Any], Sent | None]:
        """Answers ``compile``: the kernels with their resources, and the first error or None."""
        if verb != "compile":
            raise ValueError(f"the compiler knows no verb {verb!r}")
        from fusewright_harness.interpreter.compile_check import compile_launches, prepare

        prepare(message["target"])
        pair = message["pair"]
        value = receive_value(message["value"], descriptors)
        module = load_block(pair["triton"], pair["file"], "triton")
        function = find_candidate(module, pair, message.get("candidate"), value, torch.device("cpu"))
        arguments = Arguments.from_value(value["arguments"])
        report = compile_launches(
            lambda: arguments.call(function), message["target"], message["limit_s"], pair["file"]
        ).as_json()
        error = report["error"]
        if error is not None:
            error["implementation"] = "triton"
        return {"kernels": report["kernels"], "error": error, "notes": report["notes"]}, None
