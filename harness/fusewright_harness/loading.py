"""Having the workers load a pair's blocks, each its own."""

from __future__ import annotations

import ast

from fusewright_harness.case import Case, new_seed
from fusewright_harness.faults import Fault

_CUDA_IS_LOST = ("CUDA error", "device-side assert")


def load(case: Case) -> None:
    """Has both workers load their blocks, side by side. Raises :class:`Fault` where one cannot be loaded."""
    case.report("load", "loading both implementations")
    candidate = {key: case.pair[key] for key in ("file", "triton", "entry")}
    with case.phase("load"), case.team.turns.quiet.noise():
        ask_reference(case)
        case.team.candidate.assign("candidate", "triton", case.deadline)
        case.team.candidate.ask("load", "importing TRITON", pair=candidate)
        case.team.reference.answer()
        case.team.candidate.answer()


def ask_reference(case: Case) -> None:
    """Has the reference's worker load PYTHON and TEST; its answer is still to come."""
    pair, worker = case.pair, case.team.reference
    wanted = {key: pair[key] for key in ("file", "python", "test", "main", "entry", "inputs")}
    wanted["triton_names"] = top_level_names(pair["triton"]["code"])
    worker.assign("reference", "pytorch", case.deadline)
    worker.ask("load", "importing PYTHON and TEST", pair=wanted, seed=new_seed())


def is_lost(fault: Fault) -> bool:
    """Whether a fault of the reference's tells that its process is of no more use: it, or its CUDA, has ended."""
    lost = fault.kind in ("ProcessEnded", "AcceleratorError") or any(
        word in fault.message for word in _CUDA_IS_LOST
    )
    return lost and fault.stage not in ("timeout", "trust")


def replace_reference(case: Case) -> None:
    """Has a fresh worker play the reference, with new inputs, where other inputs than the pair's own ended the old one.

    What the judge knows of earlier inputs stays true, but the worker knows nothing of them.
    """
    assert case.team.recruit is not None  # Every team that is audited has one.
    case.team.reference.end()
    case.team.reference = case.team.recruit()
    ask_reference(case)
    case.team.reference.answer()
    for _ in range(case.options.seeds):
        case.team.reference.ask("inputs", "making inputs", seed=new_seed(), plan=case.plan)
        case.team.reference.answer().close()
    case.oldest = 0


def top_level_names(code: str) -> list[str]:
    """The names that a block defines at its top level, read without running it."""
    names: list[str] = []
    for statement in ast.parse(code).body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(statement.name)
        elif isinstance(statement, ast.Assign):
            names += [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return names
