"""The course of one verdict.

    engine ── verify ──▶ judge ──┬── load, inputs(secret seed), expected ──▶ reference   PYTHON, TEST
                                 └── load, call(inputs), slot ─────────────▶ candidate   TRITON
                                      compare, rule on the time

    load ─▶ check each seed ─▶ proof ─▶ time ─▶ first result ─▶ time well ─▶ audit ─▶ (torch.compile) ─▶ final line

The judge runs no code of the pair. It draws the seeds, passes the inputs on as shared memory that it need not even
open, and copies both sides' outputs before it compares them. The expected output reaches the judge alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fusewright_harness.arenas import DriverOutOfMemory
from fusewright_harness.audit import audit
from fusewright_harness.case import Case, Options, Report, Team, new_seed
from fusewright_harness.check import ask_compiler, check_seed, take_compiler_answer
from fusewright_harness.compiled_reference import CompiledTimes, compare_with_compiled
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Fault, out_of_memory
from fusewright_harness.loading import load
from fusewright_harness.plain_work import require_plain_work
from fusewright_harness.proof import prove
from fusewright_harness.second_opinion import second_opinion
from fusewright_harness.sizes import OtherSizes, Sizes, at_sizes
from fusewright_harness.soundness import require_sound_inputs, require_varied_output
from fusewright_harness.timed import prepare_to_time, time_both
from fusewright_harness.verdict import Verdict

_INTERPRETER_IS_SLOW = (
    "; Triton's interpreter runs about a thousand program instances a second, so make the inputs smaller, raise "
    "`timeout_s`, or verify on a GPU"
)


class Judge:
    """Judges one pair with one team; use it once."""

    def __init__(
        self,
        pair: dict[str, Any],
        options: Options,
        team: Team,
        verdict: Verdict,
        report: Report,
        deadline: Deadline,
        compiled: CompiledTimes | None = None,
        sizes: Sizes | None = None,
    ) -> None:
        """``compiled`` keeps what torch.compile made of other pairs' references; None leaves that out.

        ``sizes`` says at which sizes the interpreter is to run the pair.
        """
        self._compiled = compiled
        self._sizes = sizes
        self._case = Case(pair, options, team, verdict, report, deadline)
        if sizes is not None:
            self._case.plan, self._case.patience_s = sizes.plan, sizes.patience_s(deadline)

    def rule(self, first: Callable[[dict[str, Any]], None]) -> None:
        """Fills the verdict; ``first`` receives the line as soon as it is correct and, on a GPU, timed.

        It receives it again, audited, where the comparison with torch.compile is still to come. Raises
        :class:`OtherSizes` where the pair is to be judged once more, with another team, at other sizes.
        """
        case = self._case
        try:
            load(case)
            with case.turn():
                for number in range(case.options.seeds):
                    if not check_seed(case, number):
                        return
                require_sound_inputs(case)
                require_varied_output(case)
                require_plain_work(case, case.reference_facts)
                prove(case)
                prepared = None if case.interpreted else prepare_to_time(case)
            if prepared is None:
                self._tell(first, "audit")
            else:
                time_both(case, prepared, lambda: self._tell(first, "timing", "audit"))
                case.verdict.set(pending=["audit"])
            with second_opinion(case), case.turn():
                audit(case)
            compare_with_compiled(case, self._compiled, first)
            case.verdict.set(pending=[])
        except (DriverOutOfMemory, torch.cuda.OutOfMemoryError):
            case.verdict.fail(out_of_memory())
        except Fault as fault:
            if self._sizes is not None and self._sizes.refuses(fault):
                raise OtherSizes(fault) from fault
            if fault.implementation != "harness":
                fault.message = at_sizes(case) + fault.message
            if fault.stage == "timeout" and case.interpreted:
                fault.message += _INTERPRETER_IS_SLOW
                if self._sizes is not None:
                    self._sizes.explain(fault)
            if (
                fault.stage == "trust"
                and fault.line is None
                and fault.implementation in ("triton", "pytorch")
            ):
                fault.line = case.function_line(fault.implementation)
            case.verdict.fail(fault)

    def _tell(self, first: Callable[[dict[str, Any]], None], *pending: str) -> None:
        self._case.verdict.set(pending=list(pending))
        first(self._case.verdict.line())

    def compile_only(self) -> list[dict[str, Any]]:
        """The kernels with their resources, from a compilation alone. Raises :class:`Fault` for its first error."""
        case = self._case
        load(case)
        case.team.reference.ask("inputs", "making inputs", seed=new_seed())
        inputs = case.team.reference.answer()
        case.team.reference.keep(inputs)
        try:
            ask_compiler(case, {"value": inputs.value, "candidate": inputs.fields.get("candidate")}, inputs)
            take_compiler_answer(case, alone=True)
        finally:
            inputs.close()
        return case.compiled
