"""What workers report beside values, taken apart with care: the code of a pair may have had its hands on it."""

from __future__ import annotations

import math
from typing import Any

from fusewright_harness.faults import Fault

_MOST_KERNELS = 256


def kernels_of(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The launched kernels of a candidate's answer. Raises :class:`Fault` for a list that is none."""
    reported = fields.get("kernels", [])
    if not isinstance(reported, list) or len(reported) > _MOST_KERNELS:
        raise _damaged("triton")
    return [_kernel(entry) for entry in reported]


def _kernel(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise _damaged("triton")
    kernel: dict[str, Any] = {"name": entry["name"][:200], "launches": _whole(entry.get("launches")) or 0}
    kernel |= {key: _whole(entry.get(key)) for key in ("line", "registers", "shared_bytes", "spills")}
    device_ms = entry.get("device_ms")
    kernel["device_ms"] = (
        float(device_ms) if isinstance(device_ms, float) and math.isfinite(device_ms) else None
    )
    order = ("name", "line", "launches", "device_ms", "registers", "shared_bytes", "spills")
    return {key: kernel[key] for key in order}


def work_of(fields: dict[str, Any], implementation: str) -> dict[str, Any]:
    """The operators of a watched call; see :func:`call_trace.summary`. Raises :class:`Fault` where they are none."""
    work = fields.get("operators", {})
    if not isinstance(work, dict):
        raise _damaged(implementation)
    clean: dict[str, Any] = {}
    for key, value in work.items():
        if key in ("names", "movers"):
            clean[key] = [str(name)[:80] for name in value[:8]] if isinstance(value, list) else []
        elif key == "line":
            clean[key] = _whole(value)
        elif _whole(value) is None:
            raise _damaged(implementation)
        else:
            clean[key] = value
    return clean


def facts_of(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """What is told of each input; see :func:`examination.input_facts`. Raises :class:`Fault` where that is nothing."""
    facts = fields.get("facts", [])
    if not isinstance(facts, list) or not all(_is_fact(fact) for fact in facts):
        raise _damaged("pytorch")
    return facts


def _is_fact(fact: Any) -> bool:
    if not isinstance(fact, dict) or not isinstance(fact.get("nan"), (int, float)):
        return False
    whole = _whole(fact.get("numel")) is not None and _whole(fact.get("digest")) is not None
    return whole and isinstance(fact.get("float"), bool) and isinstance(fact.get("constant"), bool)


def _whole(number: Any) -> int | None:
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None


def _damaged(implementation: str) -> Fault:
    name = {"pytorch": "reference", "triton": "candidate"}[implementation]
    message = f"the {name}'s process sent a report that is none: the pair's code reached into the harness"
    return Fault(implementation, "trust", "DamagedMessage", message, verdict="rejected")
