"""What follows the first result: the audit, whose steps may still take a verdict back.

A step takes the case, adds to its verdict, and raises :class:`Fault` (verdict "rejected") where the pair may not
count. Steps run in the order of ``STEPS``, each a function of one case; a step that a machine cannot take says so in
the line and is no fault.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fusewright_harness.case import Case
from fusewright_harness.compare import LATER_CALLS, compare
from fusewright_harness.faults import Fault
from fusewright_harness.idle import look_for_idle_kernels
from fusewright_harness.loading import is_lost
from fusewright_harness.plain_work import examine
from fusewright_harness.profiled import profiled
from fusewright_harness.proof import judge_foreign_work
from fusewright_harness.reports import kernels_of, work_of
from fusewright_harness.robustness import probe
from fusewright_harness.workers import receive_answer

_MOST_CONFIGURATIONS = 8


def repeat(case: Case) -> None:
    """Runs the candidate once more on the first inputs: the same call must give a right result again."""
    if not case.affords(1, "the repeated call"):
        case.verdict.set(kernels=_with_resources(case, case.verdict.line()["kernels"]))
        return
    case.report("audit", "repeating the first call")
    with case.phase("audit"):
        case.team.candidate.ask("again", "running the candidate again", index=case.oldest, watch=True)
        answer = case.team.candidate.answer()
        again = receive_answer(answer, "candidate", "triton")
        comparison = compare(
            case.expected[case.oldest],
            again.get("result"),
            what="the output of a repeated call",
            slack=LATER_CALLS,
        )
        # Autotuning and compilation are over by now, so these are the launches of one plain call.
        kernels = kernels_of(answer.fields)
        case.configurations = int(answer.fields.get("configurations", 1))
        case.verdict.set(kernels=_with_resources(case, kernels))
    missing = case.kernels[case.oldest] - {kernel.get("name") for kernel in kernels}
    if missing:
        message = f"a repeated call does not launch `{min(missing)}`: compute each call's result anew, and keep none"
        raise case.rejected("CachedOutput", message)
    if comparison.wrong is not None:
        raise case.rejected("NotRepeatable", comparison.wrong)
    # A candidate may turn to torch once it has been looked at.
    judge_foreign_work(case, work_of(answer.fields, "triton"))


def turn_round(case: Case) -> None:
    """In the interpreter, runs each launch's last program first: on a GPU they run in no order at all."""
    if not case.interpreted or not case.affords(2, "the programs in another order"):
        return
    case.report("audit", "running the last program first")
    with case.phase("audit"):
        case.team.candidate.ask("backwards", "running with the last program first", index=case.oldest)
        answer = case.team.candidate.answer()
        turned = receive_answer(answer, "candidate", "triton")
        comparison = compare(case.expected[case.oldest], turned.get("result"), slack=LATER_CALLS)
    for finding in answer.fields.get("findings", []):
        case.find(finding)
    if comparison.wrong is not None:
        message = (
            f"with the last program of each launch run first {comparison.wrong}; a GPU runs them in any order, so no "
            "program may need what another one of the same launch does"
        )
        raise case.rejected("DependsOnOrder", message)


def tune_otherwise(case: Case) -> None:
    """In the interpreter, where nothing is tuned, runs the configurations that a GPU may choose, up to some."""
    if not case.interpreted or case.configurations < 2:
        return
    case.report("audit", "running the other configurations")
    for number in range(1, min(case.configurations, _MOST_CONFIGURATIONS)):
        if not case.affords(1, "the other configurations"):
            return
        with case.phase("audit"):
            case.team.candidate.ask(
                "tuned", "running another configuration", index=case.oldest, configuration=number
            )
            try:
                answer = case.team.candidate.answer()
            except Fault as fault:
                if fault.stage in ("trust", "timeout") or is_lost(fault):
                    raise
                # Triton's tuner passes over what does not fit.
                continue
            tuned = receive_answer(answer, "candidate", "triton")
            comparison = compare(case.expected[case.oldest], tuned.get("result"), slack=LATER_CALLS)
        if comparison.wrong is not None:
            message = (
                f"with configuration {number} of `@triton.autotune` (counted from 0) {comparison.wrong}; a GPU may "
                "choose any of them"
            )
            raise case.rejected("WrongConfiguration", message)


STEPS: list[Callable[[Case], None]] = [
    repeat,
    tune_otherwise,
    turn_round,
    profiled,
    look_for_idle_kernels,
    examine,
    probe,
]


def audit(case: Case) -> None:
    """Takes every step of the audit."""
    for step in STEPS:
        case.step()
        try:
            step(case)
        except Fault as fault:
            if fault.stage != "timeout" or not case.interpreted:
                raise
            # The interpreter's slowness is no fault of the pair, which has been judged by now.
            case.warn("NotAudited", f"the audit did not end in time: {fault.message}", None)
            return


def _with_resources(case: Case, kernels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Adds what the compile check knows of each kernel, where the interpreter ran it."""
    compiled = {kernel.get("name"): kernel for kernel in case.compiled}
    for kernel in kernels:
        known = compiled.get(kernel.get("name"), {})
        for key in ("registers", "shared_bytes", "spills"):
            if kernel.get(key) is None:
                kernel[key] = known.get(key)
    return kernels
