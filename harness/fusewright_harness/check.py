"""One secret seed: fresh inputs, both sides' outputs, and the comparison."""

from __future__ import annotations

import time
from typing import Any

from fusewright_harness.borders import MOST_ON_BORDERS
from fusewright_harness.call import give_back_memory
from fusewright_harness.case import After, Case, new_seed
from fusewright_harness.compare import Comparison, Expected, compare, compare_inputs
from fusewright_harness.faults import Fault, fault_from_message
from fusewright_harness.module_state import compare_state
from fusewright_harness.narrowed import narrowed
from fusewright_harness.output_memory import refuse_partial_memory, refuse_shared_storage
from fusewright_harness.reports import facts_of, kernels_of, work_of
from fusewright_harness.sizes import at_sizes, impatient, in_words, take_sizes
from fusewright_harness.soundness import expected_of, require_deterministic, take_nudged
from fusewright_harness.transfer import total_bytes
from fusewright_harness.workers import Answer, receive_answer

_COMPILE_LIMIT_S = 30.0
_LARGE_BYTES = 512 << 20
_NO_LAUNCH = "the candidate launched no Triton kernel: whatever made its result was not one"


def check_seed(case: Case, number: int) -> bool:
    """Checks the seed of that number, from 0. Returns whether both sides agree; the verdict says how not."""
    team, last = case.team, number == case.options.seeds - 1
    case.report("check", f"checking seed {number + 1} of {case.options.seeds}")
    case.step()
    with case.phase("inputs"):
        team.reference.ask("inputs", "making inputs", seed=new_seed(), plan=case.plan)
        inputs = team.reference.answer()
        team.reference.keep(inputs)
    named = inputs.fields.get("candidate")
    case.named_candidate = named if isinstance(named, str) else None
    case.inputs.append(facts_of(inputs.fields))
    if case.interpreted:
        take_sizes(case, inputs)
    call = {"value": inputs.value, "candidate": named}
    try:
        case.step()
        begun = time.monotonic()
        with case.phase("run"), impatient(case, number):
            if number == 0:
                ask_compiler(case, call, inputs)
            stir, fields = number == 0, {"watch": last, "reuse": last and number > 0}
            team.reference.ask("expected", "running the reference", index=number, stir=stir, watch=last)
            team.candidate.ask("call", "running the candidate", inputs.descriptors, **call, **fields)
            expected_answer = team.reference.answer()
        with case.aside(_bytes_of(inputs)), case.phase("run"), impatient(case, number):
            candidate_answer = _candidate_or_compiler_answer(case, number)
        case.call_s = time.monotonic() - begun
    finally:
        inputs.close()
    case.verdict.phases.move("run", candidate_answer.fields.get("spent"))
    team.reference.let_go(inputs)
    with case.phase("compare"):
        comparison = _compare(case, expected_answer, candidate_answer, number)
        give_back_memory()
    if last:
        case.reference_work = work_of(expected_answer.fields, "pytorch")
        case.reference_facts = expected_answer.fields.get("work", {})
        case.candidate_work = work_of(candidate_answer.fields, "triton")
    for finding in candidate_answer.fields.get("findings", []):
        case.find(finding)
    kernels = kernels_of(candidate_answer.fields)
    case.verdict.set(outputs=comparison.outputs, kernels=kernels)
    case.kernels.append({kernel["name"] for kernel in kernels})
    case.launches.append(sum(kernel["launches"] for kernel in kernels))
    if comparison.wrong is not None:
        case.verdict.wrong(at_sizes(case) + comparison.wrong + _hint(case, comparison, case.expected[-1]))
        return False
    if not kernels:
        raise case.rejected("NoLaunch", _NO_LAUNCH)
    case.verdict.set(reason=_untimed(case) if case.interpreted else None)
    if case.call_bytes > _LARGE_BYTES:
        _forget_before(case, number)
    return True


def _untimed(case: Case) -> str:
    smaller = f", and it was checked at smaller sizes ({in_words(case)})" if case.made_smaller else ""
    return f"no GPU here, so it was not timed{smaller}"


def _bytes_of(answer: Answer) -> int:
    """About how large the tensors are that an answer hands over."""
    arena = answer.value.get("arena") if isinstance(answer.value, dict) else None
    size = arena.get("bytes") if isinstance(arena, dict) else None
    return size if isinstance(size, int) else 0


def _forget_before(case: Case, number: int) -> None:
    """Gives up the inputs and outputs of earlier seeds, so that a GPU holds gigabytes once."""
    for worker in (case.team.reference, case.team.candidate):
        worker.ask("forget", "giving memory back", below=number)
        worker.answer()
    case.expected[:number] = [Expected(None, None, [])] * number
    case.after[:number] = [After(Expected(None, None, []), [])] * number
    case.oldest = number
    give_back_memory()


def ask_compiler(case: Case, call: dict[str, Any], inputs: Answer) -> None:
    """Starts the compile check, where there is one, beside the interpreter's first run."""
    compiler = case.team.compiler
    if compiler is None:
        return
    compiler.assign("compiler", "triton", case.deadline)
    pair = {key: case.pair[key] for key in ("file", "triton", "entry")}
    limit_s = min(_COMPILE_LIMIT_S, case.deadline.left_s() / 2)
    fields = {**call, "pair": pair, "target": case.options.target, "limit_s": limit_s}
    compiler.ask("compile", "compiling the kernels", inputs.descriptors, **fields)


def take_compiler_answer(case: Case, alone: bool = False) -> None:
    """Takes what the compile check found, where there is one. Raises :class:`Fault` for a compile error.

    Where it is asked ``alone`` nothing else tells of other errors, so it is raised for any.
    """
    if case.team.compiler is None:
        return
    answer = case.team.compiler.answer().fields
    case.compiled = answer.get("kernels", [])
    error = answer.get("error")
    if not isinstance(error, dict):
        return
    if alone or error.get("stage") == "compile":
        raise fault_from_message(error, "triton")
    if error.get("stage") in ("timeout", "target"):
        message = f"not compiled for {case.options.target}: {error.get('message')}"
        case.verdict.find("FW508", "warning", message)


def _candidate_or_compiler_answer(case: Case, number: int) -> Answer:
    """The candidate's answer. A compiler's error comes before the interpreter's: it names the fault best."""
    try:
        answer = case.team.candidate.answer()
    except Fault as fault:
        if number == 0 and fault.stage != "timeout":
            take_compiler_answer(case)
        raise
    if number == 0:
        take_compiler_answer(case)
    return answer


def _compare(case: Case, expected_answer: Answer, candidate_answer: Answer, number: int) -> Comparison:
    reference = receive_answer(expected_answer, "reference", "pytorch")
    candidate = receive_answer(candidate_answer, "candidate", "triton")
    result, after = expected_of(reference)
    if "again" in reference:
        require_deterministic(result, reference["again"])
    unchanged = [bool(same) for same in expected_answer.fields.get("unchanged", [])]
    case.expected.append(result)
    case.after.append(After(after, unchanged))
    case.call_bytes = total_bytes((candidate.get("result"), candidate.get("after")))
    case.output_bytes = total_bytes(candidate.get("result"))
    comparison = compare(result, candidate.get("result"))
    if comparison.wrong is not None and _of_16_bits(comparison, result):
        case.team.reference.ask("moved", "running with inputs moved by their rounding error", index=number)
        result.moved = receive_answer(case.team.reference.answer(), "reference", "pytorch").get("moved", [])
        comparison = compare(result, candidate.get("result"))
    inputs = compare_inputs(after, candidate.get("after"), unchanged)
    few = comparison.differs(MOST_ON_BORDERS) or inputs.differs(MOST_ON_BORDERS)
    if few and case.call_bytes <= _LARGE_BYTES:
        case.team.reference.ask("nudged", "running with rounding errors", index=number)
        take_nudged(case.team.reference.answer(), result, after)
        comparison = compare(result, candidate.get("result"))
        inputs = compare_inputs(after, candidate.get("after"), unchanged)
    comparison.outputs += inputs.outputs
    if inputs.wrong:
        comparison.blame(inputs.wrong)
    if number == 0:
        _compare_state(case, comparison, reference, candidate)
    if not comparison.outputs and comparison.wrong is None:
        message = (
            "the reference returns no tensor and changes none of its inputs: there is nothing to compare"
        )
        raise Fault("pytorch", "check", "NoOutput", message)
    if comparison.wrong is None:
        texts = case.pair["python"]["code"], case.pair["triton"]["code"]
        lost = narrowed(result.inputs, result.declared, candidate.get("result"), *texts)
        if lost:
            comparison.blame(lost)
    if comparison.wrong is None and number == 0:
        refuse_shared_storage(result.declared, after.declared, candidate)
    if comparison.wrong is None and "operators" in expected_answer.fields:
        work = work_of(expected_answer.fields, "pytorch")
        moves_only = not work.get("arithmetic") and not work.get("reduced")
        refuse_partial_memory(result.declared, candidate.get("result"), moves_only)
    return comparison


def _compare_state(
    case: Case, comparison: Comparison, reference: dict[str, Any], candidate: dict[str, Any]
) -> None:
    """Compares what a module keeps after its first call."""
    state, counters = compare_state(reference["state"], candidate.get("state"))
    comparison.outputs += state.outputs
    if state.wrong:
        comparison.blame(state.wrong)
    if counters:
        names = ", ".join(f"`{name}`" for name in counters[:3])
        message = f"the reference's call changes {names} of the module, and the candidate's does not in the same way"
        case.warn("ModuleState", message, case.function_line("triton"))


def _of_16_bits(comparison: Comparison, expected: Expected) -> bool:
    """Whether what differs are values of 16 bits, made of such: then it counts what the inputs' own rounding does."""
    wrong = [output["dtype"] for output in comparison.outputs if output["mismatched"]]
    short = ("float16", "bfloat16")
    return (
        bool(wrong)
        and all(dtype in short for dtype in wrong)
        and any(str(dtype).removeprefix("torch.") in short for dtype in expected.inputs)
    )


def _hint(case: Case, comparison: Comparison, expected: Expected) -> str:
    floats = [
        output for output in comparison.outputs if output["dtype"] == "float32" and output["mismatched"]
    ]
    code = case.pair["triton"]["code"]
    rounded = any(str(dtype) == "torch.float32" for dtype in expected.inputs)
    if (
        floats
        and rounded
        and "tl.dot(" in code
        and "input_precision" not in code
        and "allow_tf32" not in code
    ):
        errors = [output["max_abs_error"] or 0.0 for output in floats]
        if 0 < max(errors) < 1.0:
            return '. `tl.dot` rounds float32 operands to TF32; pass `input_precision="ieee"`'
    return ""
