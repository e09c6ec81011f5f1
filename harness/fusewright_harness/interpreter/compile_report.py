"""What the compile check tells: the kernels with what they take of the target, and the first error."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class CompiledKernel:
    """One kernel as compiled for the target, the last specialisation where there were several.

    ``spills`` counts 32-bit registers that live in memory, as triton's ``n_spills`` does.
    """

    name: str
    line: int
    launches: int
    registers: int
    shared_bytes: int
    spills: int


@dataclass
class CheckError:
    """The first error: ``stage`` is "compile" for the compiler's own, "run" for the wrapper's, "timeout", or "target".

    The last is not the pair's: this triton cannot compile for the target at all.
    """

    stage: str
    type: str
    message: str
    line: int | None
    traceback: str


@dataclass
class CompileReport:
    """What `compile_launches` found; ``notes`` say what was not looked at."""

    target: str
    kernels: list[CompiledKernel] = field(default_factory=list)
    error: CheckError | None = None
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return asdict(self)
