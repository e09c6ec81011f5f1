"""What is known of one pair while it is judged: what was asked for, who works at it, what was found so far.

The steps of a verdict (:mod:`check`, :mod:`proof`, :mod:`timed`, :mod:`audit`) share it and keep no other state.
"""

from __future__ import annotations

import ast
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from fusewright_harness.compare import Expected
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Fault
from fusewright_harness.reduction import DECLARED
from fusewright_harness.turns import Turn, Turns
from fusewright_harness.verdict import Verdict
from fusewright_harness.workers import Worker

Report = Callable[[str, str], None]
"""Told the name of a phase that begins and a sentence for the user."""


_ASIDE_BYTES = 64 << 20
_TUNED = "autotune"


@dataclass
class Options:
    """What a request asks for: how many secret seeds, how long, how fast, and which target to compile for."""

    seeds: int
    timeout_s: float
    min_speedup: float
    target: str
    torch_compile: bool = False
    """Whether the reference is compared with what torch.compile makes of it, which takes seconds."""

    @staticmethod
    def of(request: dict[str, Any]) -> Options:
        """Reads a request's ``options``; what is missing has its default."""
        return Options(
            seeds=max(1, min(16, int(request.get("seeds", 3)))),
            timeout_s=max(1.0, float(request.get("timeout_s", 60))),
            min_speedup=float(request.get("min_speedup", 1.0)),
            target=str(request.get("target", "sm_90")),
            torch_compile=request.get("torch_compile") is True,
        )


@dataclass
class Team:
    """The workers of one verdict; ``compiler`` is there where the interpreter runs the kernels.

    ``recruit`` gives a further fresh worker of the same mode, for what must not touch these; whoever recruited it
    ends it, and what is left in ``recruits`` is ended with the team.
    """

    reference: Worker
    candidate: Worker
    compiler: Worker | None
    recruit: Callable[[], Worker] | None = None
    recruits: list[Worker] = field(default_factory=list)
    understudies: Callable[[Deadline], Team] | None = None
    """Gives a team whose workers run Triton's interpreter, where a GPU runs this one's."""
    second: Team | None = None
    """The team that ``understudies`` gave; it is ended with this one."""
    turns: Turns = field(default_factory=Turns)

    def dismiss(self, worker: Worker) -> None:
        """Ends a recruit."""
        if worker in self.recruits:
            self.recruits.remove(worker)
        worker.end()

    def members(self) -> list[Worker]:
        """All of them, each once."""
        own = [self.reference, self.candidate, self.compiler, *self.recruits]
        if self.second is not None:
            own += self.second.members()
        return list(dict.fromkeys(worker for worker in own if worker is not None))


@dataclass
class After:
    """What the arguments should be after a call, and which tensors of them the reference leaves alone."""

    expected: Expected
    unchanged: list[bool]


@dataclass
class Case:
    """One pair on its way to a verdict."""

    pair: dict[str, Any]
    options: Options
    team: Team
    verdict: Verdict
    report: Report
    deadline: Deadline
    expected: list[Expected] = field(default_factory=list)
    """What each seed's inputs should give, in the order of the checks."""
    oldest: int = 0
    """The number of the first seed whose inputs the workers still hold, and whose entry in ``expected`` counts."""
    inputs: list[list[dict[str, Any]]] = field(default_factory=list)
    """What is known of each seed's inputs; see :func:`examination.input_facts`."""
    after: list[After] = field(default_factory=list)
    """What each seed's arguments should be after the call."""
    compiled: list[dict[str, Any]] = field(default_factory=list)
    """The kernels as the compile check knows them, where the interpreter runs them."""
    kernels: list[set[str]] = field(default_factory=list)
    """The names of the kernels that each check's call launched."""
    configurations: int = 1
    """How many configurations the candidate's tuned kernel has, where nothing is tuned."""
    launches: list[int] = field(default_factory=list)
    """How many launches each check's call made; the first one's autotuning counts too."""
    call_bytes: int = 0
    """The bytes of one call's inputs and outputs."""
    output_bytes: int = 0
    """The bytes of what one call of the candidate returns."""
    by_kernels: bool = False
    """Whether the times are what kernels take by CUPTI, as those of short calls are."""
    call_s: float = 0.0
    """How long the last check's call of both sides took, in seconds."""
    named_candidate: str | None = None
    """The wrapper that the main block handed over, where it did."""
    reference_work: dict[str, Any] = field(default_factory=dict)
    """What the reference's operators did in one call; see :func:`call_trace.summary`."""
    reference_facts: dict[str, Any] = field(default_factory=dict)
    """What the reference's operators show of it; see :func:`trace_facts.trace_facts`."""
    candidate_work: dict[str, Any] = field(default_factory=dict)
    """What torch's operators did in one call of the candidate, beside its kernels."""
    plan: int = DECLARED
    """Which plan of :mod:`reduction` the inputs' sizes follow."""
    patience_s: float | None = None
    """How long the first seed's calls may take before smaller sizes are tried; None where none are left to try."""
    made_smaller: dict[int, int] = field(default_factory=dict)
    """What was made of which size."""
    held: Turn | None = None
    """The shared turn that this pair has on its device."""

    @property
    def interpreted(self) -> bool:
        """Whether Triton's interpreter runs the kernels, on the CPU."""
        return self.team.compiler is not None

    def affords(self, calls: float, what: str) -> bool:
        """Whether there is time for so many more calls; a warning says what is left out where there is not.

        Only the interpreter is so slow that this has to be asked.
        """
        if not self.interpreted or self.deadline.left_s() > 2 * calls * self.call_s + 1:
            return True
        message = f"{what} was left out: one call takes {self.call_s:.0f} s in the interpreter, and the time is short"
        self.warn("NotAudited", message, None)
        return False

    def rejected(
        self, kind: str, message: str, implementation: str = "triton", line: int | None = None
    ) -> Fault:
        """The fault that a pair which may not count is refused with; its line is the function's where none is known."""
        if line is None:
            line = self.function_line(implementation)
        return Fault(implementation, "trust", kind, message, line, verdict="rejected")

    def find(self, finding: dict[str, Any]) -> None:
        """Adds a warning that a worker reports, once."""
        code, message, line = (
            str(finding.get("code"))[:80],
            str(finding.get("message"))[:500],
            finding.get("line"),
        )
        self.warn(code, message, line if isinstance(line, int) else self.function_line("triton"))

    def warn(self, kind: str, message: str, line: int | None) -> None:
        """Adds a warning, once."""
        self.verdict.find_once(kind, "warning", message, line)

    def function_line(self, implementation: str) -> int | None:
        """The line of the ``def`` of the wrapper ("triton"), the reference ("pytorch"), or what makes the inputs."""
        block, name = {
            "triton": ("triton", self.named_candidate or self.pair["entry"]["candidate"]),
            "pytorch": ("python", self.pair["entry"]["reference"]),
            "test": ("test", self.pair["inputs"]),
        }[implementation]
        text = self.pair.get(block)
        if not text:
            return None
        for statement in ast.parse(text["code"]).body:
            if getattr(statement, "name", None) == name:
                return text["first_line"] + statement.lineno - 1
        return None

    def phase(self, name: str) -> Any:
        """Counts what runs inside towards ``name`` in ``duration_ms``."""
        return self.verdict.phases.phase(name)

    @contextmanager
    def turn(self, alone: bool = False) -> Iterator[None]:
        """What runs inside has the device, beside other pairs or alone; the wait for it is the phase "turn"."""
        turns = self.team.turns
        with ExitStack() as stack:
            with self.phase("turn"):
                if alone:
                    stack.enter_context(turns.alone(self.deadline))
                else:
                    self.held = stack.enter_context(turns.shared(self.deadline))
            try:
                yield
            finally:
                self.held = None

    def step(self) -> None:
        """Lets another pair's timing go first, between two steps of a shared turn."""
        if self.held is not None:
            with self.phase("turn"):
                self.held.step()

    @contextmanager
    def aside(self, call_bytes: int) -> Iterator[None]:
        """What runs inside keeps the host busy: a call of so many bytes that may have to be compiled first.

        Its few launches do not show in the medians of another pair's timing, so it waits for none and none waits for
        it. A call that is large, or may search for the best of many kernels, keeps its turn.
        """
        held = self.held
        if held is None or call_bytes > _ASIDE_BYTES or _TUNED in self.pair["triton"]["code"]:
            yield
            return
        held.leave()
        try:
            with self.team.turns.quiet.noise():
                yield
        finally:
            with self.phase("turn"):
                held.enter()


def new_seed() -> int:
    """A secret seed."""
    return secrets.randbits(62)
