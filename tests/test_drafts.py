"""What is drafted for every shipped idea and every operation of the task generator, run once on the CPU."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode

# The engine's tests hold this file to what it drafts.
DRAFTS = [json.loads(line) for line in (Path(__file__).parent / "drafts.jsonl").read_text().splitlines()]


class OnTheCpu(TorchFunctionMode):
    """Makes on the CPU what is asked for on a GPU."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if kwargs.get("device") == "cuda":
            kwargs["device"] = "cpu"
        return function(*args, **kwargs)


def smaller(test: str) -> str:
    """The inputs with an eighth of every size from 200 up: what is asked does not depend on them."""
    return re.sub(r"(?<![\w.-])(?:[2-9]\d\d|\d{4})(?![\w.])", lambda found: str(-(-int(found[0]) // 8)), test)


def tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    return [one for part in value for one in tensors(part)] if isinstance(value, tuple) else []


def changed(value: torch.Tensor, small: bool) -> torch.Tensor:
    """Another tensor of the same domain: its rows in another order, or other numbers."""
    if value.dtype == torch.bool:
        return ~value
    if not value.is_floating_point():
        return value.flip(0)
    return value * 1.5 if small else value.flip(0) * 1.25


@pytest.mark.parametrize("draft", DRAFTS, ids=[draft["line"] for draft in DRAFTS])
def test_a_drafted_reference_is_a_sound_task(draft: dict[str, str]) -> None:
    """It runs, gives finite numbers that vary, the same each time, and depends on every input."""
    names: dict[str, Any] = {}
    exec(draft["python"], names)
    exec(smaller(draft["test"]), names)
    reference, make = names[draft["reference"]], names["get_test_inputs"]
    torch.manual_seed(0)
    with OnTheCpu():
        inputs = make()
        outputs = tensors(reference(*inputs))
        again = tensors(reference(*inputs))
        other = tensors(reference(*make()))
    assert outputs
    for output, same, differs in zip(outputs, again, other, strict=True):
        assert torch.isfinite(output).all()
        assert torch.equal(output, same), "it is the same each time"
        assert not torch.equal(output, differs), "it depends on the inputs"
        assert output.double().std() > 1e-5 * output.double().abs().max(), "it is no constant"
    for place, value in enumerate(inputs):
        if isinstance(value, torch.Tensor):
            moved = (*inputs[:place], changed(value, value.dim() == 1), *inputs[place + 1 :])
            with OnTheCpu():
                results = tensors(reference(*moved))
            assert not all(map(torch.equal, results, outputs)), f"it depends on input {place}"


def test_every_line_is_drafted_once() -> None:
    lines = [draft["line"] for draft in DRAFTS]
    assets = Path(__file__).resolve().parents[1] / "server/engine/src/workspace/assets"
    ideas = (assets / "fusion_ideas.txt").read_text().splitlines()
    assert lines[: len(ideas)] == ideas
    assert len(set(lines)) == len(lines) >= len(ideas) + 40 + 70
