"""The course of one verdict.

    engine ── verify ──▶ judge ──┬── load, inputs(secret seed), expected ──▶ reference   PYTHON, TEST
                                 └── load, call(inputs), slot ─────────────▶ candidate   TRITON
                                      compare, rule on the time

The judge runs no code of the pair. It draws the seeds, passes the inputs on as shared memory that it need not even
open, and copies both sides' outputs before it compares them. The expected output reaches the judge alone.

What is still to come has its place here: containment in ``worker._isolate``, the trust checks after the first
correct call, robustness variants and the profiler in :func:`Judge._audit`.
"""

from __future__ import annotations

import ast
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from fusewright_harness import timing
from fusewright_harness.arenas import DriverOutOfMemory
from fusewright_harness.call import give_back_memory
from fusewright_harness.compare import Comparison, Expected, compare, compare_inputs
from fusewright_harness.faults import Fault, fault_from_message, out_of_memory
from fusewright_harness.soundness import expected_of, refuse_shared_storage, require_deterministic
from fusewright_harness.timing import Plan
from fusewright_harness.transfer import total_bytes
from fusewright_harness.verdict import Verdict
from fusewright_harness.workers import Answer, Deadline, Worker, receive_answer

_COMPILE_LIMIT_S = 30.0

_NO_LAUNCH = "the candidate launched no Triton kernel: whatever made its result was not one"

_INTERPRETER_IS_SLOW = (
    "; Triton's interpreter runs about a thousand program instances a second, so make the inputs smaller, raise "
    "`timeout_s`, or verify on a GPU"
)

Report = Callable[[str, str], None]
"""Told the name of a phase that begins and a sentence for the user."""


@dataclass
class Options:
    """What a request asks for: how many secret seeds, how long, how fast, and which target to compile for."""

    seeds: int
    timeout_s: float
    min_speedup: float
    target: str

    @staticmethod
    def of(request: dict[str, Any]) -> Options:
        """Reads a request's ``options``; what is missing has its default."""
        return Options(
            seeds=max(1, min(16, int(request.get("seeds", 3)))),
            timeout_s=max(1.0, float(request.get("timeout_s", 60))),
            min_speedup=float(request.get("min_speedup", 1.0)),
            target=str(request.get("target", "sm_90")),
        )


@dataclass
class Team:
    """The workers of one verdict; ``compiler`` is there where the interpreter runs the kernels."""

    reference: Worker
    candidate: Worker
    compiler: Worker | None

    def members(self) -> list[Worker]:
        """All of them."""
        return [worker for worker in (self.reference, self.candidate, self.compiler) if worker is not None]


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
    ) -> None:
        self._pair = pair
        self._options = options
        self._team = team
        self._verdict = verdict
        self._report = report
        self._deadline = deadline
        self._phase = verdict.phases.phase
        self._expected: list[Expected] = []
        self._compiled: list[dict[str, Any]] = []
        self._call_bytes = 0

    def rule(self, first: Callable[[dict[str, Any]], None]) -> None:
        """Fills the verdict; ``first`` receives the line as soon as it is correct and timed."""
        try:
            self._load()
            for number in range(self._options.seeds):
                if not self._check(number):
                    return
            if self._team.compiler is None:
                self._time()
                self._verdict.set(pending=["audit"])
                first(self._verdict.line())
            self._audit()
            self._verdict.set(pending=[])
        except (DriverOutOfMemory, torch.cuda.OutOfMemoryError):
            self._verdict.fail(out_of_memory())
        except Fault as fault:
            if fault.stage == "timeout" and self._team.compiler is not None:
                fault.message += _INTERPRETER_IS_SLOW
            self._verdict.fail(fault)

    def compile_only(self) -> list[dict[str, Any]]:
        """The kernels with their resources, from a compilation alone. Raises :class:`Fault` for its first error."""
        self._load()
        self._team.reference.ask("inputs", "making inputs", seed=_seed())
        inputs = self._team.reference.answer()
        self._team.reference.keep(inputs)
        try:
            self._ask_compiler({"value": inputs.value, "candidate": inputs.fields.get("candidate")}, inputs)
            self._take_compiler_answer()
        finally:
            inputs.close()
        return self._compiled

    def _load(self) -> None:
        self._report("load", "loading both implementations")
        pair, team = self._pair, self._team
        reference = {key: pair[key] for key in ("file", "python", "test", "main", "entry", "inputs")}
        reference["triton_names"] = top_level_names(pair["triton"]["code"])
        candidate = {key: pair[key] for key in ("file", "triton", "entry")}
        team.reference.assign("reference", "pytorch", self._deadline)
        team.candidate.assign("candidate", "triton", self._deadline)
        with self._phase("load"):
            team.reference.ask("load", "importing PYTHON and TEST", pair=reference, seed=_seed())
            team.candidate.ask("load", "importing TRITON", pair=candidate)
            team.reference.answer()
            team.candidate.answer()

    def _check(self, number: int) -> bool:
        """One secret seed: fresh inputs, both sides' outputs, the comparison. Returns whether they agree."""
        team = self._team
        self._report("check", f"checking seed {number + 1} of {self._options.seeds}")
        with self._phase("inputs"):
            team.reference.ask("inputs", "making inputs", seed=_seed())
            inputs = team.reference.answer()
            team.reference.keep(inputs)
        call = {"value": inputs.value, "candidate": inputs.fields.get("candidate")}
        try:
            with self._phase("run"):
                if number == 0:
                    self._ask_compiler(call, inputs)
                team.reference.ask("expected", "running the reference", index=number, stir=number == 0)
                team.candidate.ask("call", "running the candidate", inputs.descriptors, **call)
                expected_answer = team.reference.answer()
                candidate_answer = self._candidate_or_compiler_answer(number)
        finally:
            inputs.close()
        team.reference.let_go(inputs)
        with self._phase("compare"):
            comparison = self._compare(expected_answer, candidate_answer, number)
            give_back_memory()
        self._verdict.set(outputs=comparison.outputs, kernels=candidate_answer.fields.get("kernels", []))
        if comparison.wrong is not None:
            self._verdict.wrong(comparison.wrong + self._hint(comparison))
            return False
        if not candidate_answer.fields.get("kernels"):
            raise Fault("triton", "trust", "NoLaunch", _NO_LAUNCH, verdict="rejected")
        self._verdict.set(reason="no GPU here, so it was not timed" if team.compiler is not None else None)
        return True

    def _compare(self, expected_answer: Answer, candidate_answer: Answer, number: int) -> Comparison:
        reference = receive_answer(expected_answer, "reference", "pytorch")
        candidate = receive_answer(candidate_answer, "candidate", "triton")
        result, after = expected_of(reference)
        if "again" in reference:
            require_deterministic(result, reference["again"])
        unchanged = [bool(same) for same in expected_answer.fields.get("unchanged", [])]
        self._expected.append(result)
        self._call_bytes = total_bytes((candidate.get("result"), candidate.get("after")))
        comparison = compare(result, candidate.get("result"))
        inputs = compare_inputs(after, candidate.get("after"), unchanged)
        comparison.outputs += inputs.outputs
        if inputs.wrong:
            comparison.blame(inputs.wrong)
        if not comparison.outputs and comparison.wrong is None:
            message = (
                "the reference returns no tensor and changes none of its inputs: there is nothing to compare"
            )
            raise Fault("pytorch", "check", "NoOutput", message)
        if comparison.wrong is None and number == 0:
            refuse_shared_storage(result.declared, after.declared, candidate)
        return comparison

    def _hint(self, comparison: Comparison) -> str:
        floats = [
            output for output in comparison.outputs if output["dtype"] == "float32" and output["mismatched"]
        ]
        code = self._pair["triton"]["code"]
        if floats and "tl.dot" in code and "input_precision" not in code and "allow_tf32" not in code:
            errors = [output["max_abs_error"] or 0.0 for output in floats]
            if 0 < max(errors) < 1.0:
                return '. `tl.dot` rounds float32 operands to TF32; pass `input_precision="ieee"`'
        return ""

    def _ask_compiler(self, call: dict[str, Any], inputs: Answer) -> None:
        """Starts the compile check, where there is one, beside the interpreter's first run."""
        compiler = self._team.compiler
        if compiler is None:
            return
        compiler.assign("compiler", "triton", self._deadline)
        pair = {key: self._pair[key] for key in ("file", "triton", "entry")}
        limit_s = min(_COMPILE_LIMIT_S, self._deadline.left_s() / 2)
        fields = {**call, "pair": pair, "target": self._options.target, "limit_s": limit_s}
        compiler.ask("compile", "compiling the kernels", inputs.descriptors, **fields)

    def _candidate_or_compiler_answer(self, number: int) -> Answer:
        """The candidate's answer. A compiler's error comes before the interpreter's: it names the fault best."""
        try:
            answer = self._team.candidate.answer()
        except Fault as fault:
            if number == 0 and fault.stage != "timeout":
                self._take_compiler_answer()
            raise
        if number == 0:
            self._take_compiler_answer()
        return answer

    def _take_compiler_answer(self) -> None:
        if self._team.compiler is None:
            return
        answer = self._team.compiler.answer().fields
        self._compiled = answer.get("kernels", [])
        error = answer.get("error")
        if not isinstance(error, dict):
            return
        if error.get("stage") == "compile":
            raise fault_from_message(error, "triton")
        if error.get("stage") == "timeout":
            self._verdict.find(
                "FW508", "warning", f"not compiled for {self._options.target}: {error.get('message')}"
            )

    def _time(self) -> None:
        team = self._team
        self._report("timing", "timing both, in turn")
        with self._phase("timing"):
            first = timing.trial_order(self._call_bytes)
            trials = {worker: self._slot(worker, first) for worker in (team.reference, team.candidate)}
            plans = {
                worker: timing.plan_from_trial(trial, self._call_bytes) for worker, trial in trials.items()
            }
            slots: dict[Worker, list[list[float]]] = {team.reference: [], team.candidate: []}
            checked = secrets.randbelow(timing.SLOT_PAIRS)
            for number in range(timing.SLOT_PAIRS):
                order = (
                    (team.reference, team.candidate) if number % 2 == 0 else (team.candidate, team.reference)
                )
                for worker in order:
                    slot = self._slot(worker, plans[worker].order(number))
                    slots[worker].append(timing.numbers(slot, "device_ms")[1:])
                    if worker is team.candidate and number == checked:
                        self._check_timed(slot, plans[worker])
            host = {
                worker: self._slot(worker, timing.host_order(self._call_bytes), hosted=True)
                for worker in plans
            }
            measured = timing.evaluate(slots[team.reference], slots[team.candidate], _seed())
        medians = {worker: sorted(timing.numbers(slot, "host_ms")[1:]) for worker, slot in host.items()}
        ruling = timing.ruling(measured, self._options.min_speedup)
        self._verdict.set(
            verdict=ruling,
            reason=_reason(ruling, measured, self._options.min_speedup),
            speedup=round(measured.speedup, 4),
            speedup_ci=[round(bound, 4) for bound in measured.interval],
            python_ms=round(measured.python_ms, 5),
            triton_ms=round(measured.triton_ms, 5),
            host_ms={
                "python": round(medians[team.reference][len(medians[team.reference]) // 2], 5),
                "triton": round(medians[team.candidate][len(medians[team.candidate]) // 2], 5),
            },
        )

    def _slot(self, worker: Worker, order: dict[str, Any], hosted: bool = False) -> dict[str, Any]:
        begun = time.perf_counter()
        worker.ask("slot", "being timed", **order)
        slot = worker.answer().fields
        if not hosted:
            timing.check_against_clock(slot, (time.perf_counter() - begun) * 1e3)
        return slot

    def _check_timed(self, slot: dict[str, Any], plan: Plan) -> None:
        """Compares the output of one timed call, drawn after the slot was over."""
        call = secrets.randbelow(plan.calls)
        inputs = (slot.get("inputs") or [0])[call]
        self._team.candidate.ask("timed_output", "handing over a timed output", call=call)
        result = receive_answer(self._team.candidate.answer(), "candidate", "triton")
        comparison = compare(self._expected[inputs], result.get("result"), what="a timed call's output")
        if comparison.wrong is not None:
            raise Fault("triton", "trust", "TimedOutput", comparison.wrong, verdict="rejected")

    def _audit(self) -> None:
        """Runs the candidate once more on the first inputs: the same call must give a right result again."""
        self._report("audit", "repeating the first call")
        with self._phase("audit"):
            self._team.candidate.ask("again", "running the candidate again", index=0)
            answer = self._team.candidate.answer()
            again = receive_answer(answer, "candidate", "triton")
            comparison = compare(self._expected[0], again.get("result"), what="the output of a repeated call")
            # Autotuning and compilation are over by now, so these are the launches of one plain call.
            self._verdict.set(kernels=self._with_resources(answer.fields.get("kernels", [])))
        if comparison.wrong is not None:
            raise Fault("triton", "trust", "NotRepeatable", comparison.wrong, verdict="rejected")

    def _with_resources(self, kernels: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Adds what the compile check knows of each kernel, where the interpreter ran it."""
        compiled = {kernel.get("name"): kernel for kernel in self._compiled}
        for kernel in kernels:
            known = compiled.get(kernel.get("name"), {})
            for key in ("registers", "shared_bytes", "spills"):
                if kernel.get(key) is None:
                    kernel[key] = known.get(key)
        return kernels


def top_level_names(code: str) -> list[str]:
    """The names that a block defines at its top level, read without running it."""
    names: list[str] = []
    for statement in ast.parse(code).body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(statement.name)
        elif isinstance(statement, ast.Assign):
            names += [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return names


def _seed() -> int:
    return secrets.randbits(62)


def _reason(ruling: str, measured: timing.Timing, min_speedup: float) -> str | None:
    low, high = measured.interval
    if ruling == "pass":
        return None
    if ruling == "slower":
        return (
            f"right, but only {measured.speedup:.2f}x the reference's speed "
            f"(at best {high:.2f}x; wanted above {min_speedup:g}x)"
        )
    return f"right, but no faster as far as can be told: {low:.2f}x to {high:.2f}x holds the wanted {min_speedup:g}x"
