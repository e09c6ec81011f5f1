"""The verdict line as the harness fills it; the engine adds ``file``, ``hash`` and its own version."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Any

from fusewright_harness.faults import Fault

_PARTS = ("compile", "autotune")


class Phases:
    """Where a verdict's own time goes: consecutive phases that add up to the total, in milliseconds."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self._spent: dict[str, float] = {}
        self._inside_s = 0.0

    @contextmanager
    def phase(self, name: str) -> Any:
        """Counts what runs inside towards ``name``, but for what a phase inside claims."""
        begun, outer_s, self._inside_s = time.perf_counter(), self._inside_s, 0.0
        try:
            yield
        finally:
            took_s = time.perf_counter() - begun
            self._spent[name] = self._spent.get(name, 0.0) + (took_s - self._inside_s) * 1e3
            self._inside_s = outer_s + took_s

    def move(self, name: str, parts: Any) -> None:
        """Takes ``parts``, milliseconds by phase as a worker reports them, out of a phase that they were spent in."""
        for part, ms in parts.items() if isinstance(parts, dict) else ():
            if part in _PARTS and isinstance(ms, (int, float)) and ms > 0:
                ms = min(float(ms), self._spent.get(name, 0.0))
                self._spent[name] = self._spent.get(name, 0.0) - ms
                self._spent[part] = self._spent.get(part, 0.0) + ms

    def as_dict(self) -> dict[str, float]:
        """The ``duration_ms`` of the verdict line; what no phase claims is ``other``."""
        total = (time.perf_counter() - self._begun) * 1e3
        spent = {name: round(ms, 2) for name, ms in self._spent.items()}
        return {
            **spent,
            "other": round(max(0.0, total - sum(self._spent.values())), 2),
            "total": round(total, 2),
        }


class Verdict:
    """A verdict in the making. ``line`` gives what is known so far."""

    def __init__(
        self, device: dict[str, Any], environment: dict[str, Any], phases: Phases | None = None
    ) -> None:
        """With ``phases`` the time that was spent on an earlier attempt counts too."""
        self.phases = phases or Phases()
        self._fields: dict[str, Any] = {
            "status": "SUCCESS",
            "correct": True,
            "verdict": "untimed",
            "reason": None,
            "speedup": None,
            "speedup_ci": None,
            "python_ms": None,
            "triton_ms": None,
            "host_ms": None,
            "torch_compile_ms": None,
            "speedup_vs_compile": None,
            "kernels": [],
            "roofline": None,
            "foreign_fraction": None,
            "outputs": [],
            "error": None,
            "findings": [],
            "pending": [],
            "device": device,
            "environment": environment,
        }

    def set(self, **fields: Any) -> None:
        """Sets keys of the verdict line; an unknown key is a defect of ours."""
        for key in fields:
            if key not in self._fields:
                raise KeyError(key)
        self._fields.update(fields)

    def find(self, code: str, severity: str, message: str, line: int | None = None) -> None:
        """Adds a finding."""
        self._fields["findings"].append(
            {"code": code, "severity": severity, "message": message, "line": line}
        )

    def find_once(self, code: str, severity: str, message: str, line: int | None = None) -> None:
        """Adds a finding unless it is there already."""
        if not any(found["code"] == code and found["line"] == line for found in self._fields["findings"]):
            self.find(code, severity, message, line)

    def wrong(self, reason: str) -> None:
        """The candidate computes something else."""
        self.set(status="SUCCESS", correct=False, verdict="wrong", reason=reason, pending=[])

    def fail(self, fault: Fault) -> None:
        """The pair did not run, may not count, or could not be judged."""
        if fault.verdict == "wrong":
            self.wrong(fault.message)
            return
        first = fault.message.strip().splitlines()[0] if fault.message.strip() else fault.kind
        self.set(
            status="FAILED",
            correct=False,
            verdict=fault.verdict,
            reason=first[:400],
            error=fault.as_dict(),
            pending=[],
        )

    def line(self) -> dict[str, Any]:
        """The verdict line."""
        return {**self._fields, "duration_ms": self.phases.as_dict()}
