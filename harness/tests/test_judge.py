"""Whole verdicts in the interpreter: the real processes, spoken to as the engine speaks to them.

Slow by the standards of this suite: each verdict forks three workers and takes a few tenths of a second.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest
from harness_client import Harness, pair

PYTHON = """
import torch

def reference(x, y):
    return torch.relu(x * y) + x
"""

TRITON = """
import torch
import triton
import triton.language as tl

@triton.jit
def fused_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    x = tl.load(x_ptr + i, mask=mask)
    y = tl.load(y_ptr + i, mask=mask)
    tl.store(out_ptr + i, tl.maximum(x * y, 0.0) + x, mask=mask)

def candidate(x, y):
    out = torch.empty_like(x)
    fused_kernel[(triton.cdiv(x.numel(), 1024),)](x, y, out, x.numel(), BLOCK=1024)
    return out
"""

TEST = """
import torch

def get_test_inputs():
    torch.manual_seed(0)
    return torch.randn(3, 500, device="cuda"), torch.randn(3, 500, device="cuda")
"""


@pytest.fixture(scope="module")
def harness():
    with Harness() as running:
        yield running


def judged(harness, python=PYTHON, triton=TRITON, test=TEST, options=None, **how):
    verdict = harness.verdict(pair(python, triton, test, **how), device="interpreter", **(options or {}))
    # Shown by pytest where a test fails.
    print(verdict["reason"], verdict["error"])
    return verdict


def line_of(text, block, *before):
    """The line, in the file that `pair` describes, of the first line of ``block`` that holds ``text``."""
    lines = [line for part in before for line in ["", *part.lstrip("\n").split("\n")]] + [
        "",
        *block.lstrip("\n").split("\n"),
    ]
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_a_right_pair_is_untimed_without_a_gpu(harness):
    verdict = judged(harness)
    assert (verdict["status"], verdict["correct"], verdict["verdict"]) == ("SUCCESS", True, "untimed")
    assert verdict["device"]["mode"] == "interpreter"
    assert verdict["pending"] == []
    (kernel,) = verdict["kernels"]
    assert (kernel["name"], kernel["launches"]) == ("fused_kernel", 1)
    assert kernel["line"] == line_of("def fused_kernel", TRITON, PYTHON)
    assert kernel["registers"] > 0
    (output,) = verdict["outputs"]
    assert (output["shape"], output["dtype"], output["mismatched"]) == ([3, 500], "float32", 0)


def test_durations_add_up(harness):
    duration = judged(harness)["duration_ms"]
    total = duration.pop("total")
    assert sum(duration.values()) == pytest.approx(total, rel=0.01, abs=0.5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_dtypes_are_right_too(harness, dtype):
    test = TEST.replace('device="cuda"', f'device="cuda", dtype=torch.{dtype}')
    verdict = judged(harness, test=test)
    assert verdict["verdict"] == "untimed", verdict["reason"]
    assert verdict["outputs"][0]["dtype"] == dtype


def test_a_wrong_value_is_named_with_its_index(harness):
    verdict = judged(harness, triton=TRITON.replace("+ x, mask", "+ x + 0.5, mask"))
    assert (verdict["status"], verdict["correct"], verdict["verdict"]) == ("SUCCESS", False, "wrong")
    assert verdict["outputs"][0]["first_mismatch"]["index"] == [0, 0]
    assert "1500 of 1500" in verdict["reason"]


def test_memory_that_nobody_wrote_shows(harness):
    verdict = judged(
        harness, triton=TRITON.replace("x, mask=mask)\n\ndef", "x, mask=mask & (i != 7))\n\ndef")
    )
    assert verdict["verdict"] == "wrong"
    assert verdict["outputs"][0]["first_mismatch"] == {
        "index": [0, 7],
        "expected": verdict["outputs"][0]["first_mismatch"]["expected"],
        "got": "nan",
    }


def test_the_pairs_own_seed_is_replaced_by_secret_ones(harness):
    # The candidate replays the seed of TEST and returns what the reference would give for it.
    replay = """
import torch

def candidate(x, y):
    torch.manual_seed(0)
    x, y = torch.randn(3, 500, device="cuda"), torch.randn(3, 500, device="cuda")
    return torch.relu(x * y) + x
"""
    assert judged(harness, triton=replay)["verdict"] == "wrong"


def test_each_seed_draws_other_inputs(harness):
    # Right for the first inputs that it sees, and for no others.
    caching = TRITON.replace(
        "def candidate(x, y):", "SEEN = []\n\ndef candidate(x, y):\n    SEEN.append(x)\n    x = SEEN[0]"
    )
    assert judged(harness, triton=caching)["verdict"] == "wrong"
    # With one seed the audit is what meets it with other inputs.
    assert judged(harness, triton=caching, options={"seeds": 1})["error"]["type"] == "WrongAtValues"


def test_an_input_that_the_candidate_changes_is_wrong(harness):
    verdict = judged(harness, triton=TRITON.replace("    return out", "    y.add_(1)\n    return out"))
    assert verdict["verdict"] == "wrong"
    assert "input" in verdict["reason"]


def test_an_input_returned_as_output_is_wrong(harness):
    verdict = judged(
        harness,
        python="def reference(x, y):\n    return x * 1\n",
        triton=TRITON.replace("    return out", "    return x"),
    )
    assert verdict["verdict"] == "wrong"
    assert "shares its memory" in verdict["reason"]


def test_a_reference_that_works_in_place_is_judged_by_its_inputs(harness):
    python = "def reference(x, y):\n    x.mul_(y)\n"
    kernel = (
        TRITON.replace("tl.maximum(x * y, 0.0) + x", "x * y")
        .replace("torch.empty_like(x)", "x")
        .replace("    return out", "")
    )
    verdict = judged(harness, python=python, triton=kernel)
    assert verdict["verdict"] == "untimed", verdict["reason"]
    assert verdict["outputs"][0]["total"] == 1500


def test_several_outputs_of_several_types(harness):
    python = """
import torch

def reference(x, y):
    return {"sum": x + y, "sign": x > y}, [(x * 10).to(torch.int8)]
"""
    triton = """
import torch
import triton
import triton.language as tl

@triton.jit
def many(x_ptr, y_ptr, sum_ptr, sign_ptr, int_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    x = tl.load(x_ptr + i, mask=mask)
    y = tl.load(y_ptr + i, mask=mask)
    tl.store(sum_ptr + i, x + y, mask=mask)
    tl.store(sign_ptr + i, x > y, mask=mask)
    tl.store(int_ptr + i, (x * 10).to(tl.int8), mask=mask)

def candidate(x, y):
    total, sign = torch.empty_like(x), torch.empty_like(x, dtype=torch.bool)
    small = torch.empty_like(x, dtype=torch.int8)
    many[(triton.cdiv(x.numel(), 512),)](x, y, total, sign, small, x.numel(), BLOCK=512)
    return {"sum": total, "sign": sign}, [small]
"""
    verdict = judged(harness, python=python, triton=triton)
    assert verdict["verdict"] == "untimed", verdict["reason"]
    assert [(output["path"], output["dtype"]) for output in verdict["outputs"]] == [
        ("[0]['sum']", "float32"),
        ("[0]['sign']", "bool"),
        ("[1][0]", "int8"),
    ]
    missing = judged(harness, python=python, triton=triton.replace(", [small]", ""))
    assert "returned" in missing["reason"]


QUANTISE = """
import torch

def reference(x):
    scale = x.abs().amax(dim=1, keepdim=True) / 127
    return torch.round(x / scale).to(torch.int8)
"""

# Multiplies by the reciprocal where the reference divides: other roundings, the same function.
QUANTISE_KERNEL = """
import torch
import triton
import triton.language as tl

@triton.jit
def quantise(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + i, mask=i < n, other=0.0)
    v = x * (127 / tl.max(tl.abs(x), axis=0))
    q = tl.floor(v + 0.5)
    tl.store(out_ptr + row * n + i, q.to(tl.int8), mask=i < n)

def candidate(x):
    out = torch.empty_like(x, dtype=torch.int8)
    quantise[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out
"""


def test_a_quantised_element_on_a_border_may_fall_to_either_side(harness):
    test = 'import torch\n\ndef get_test_inputs():\n    return (torch.randn(16, 65536, device="cuda"),)\n'
    assert judged(harness, python=QUANTISE, triton=QUANTISE_KERNEL, test=test)["verdict"] == "untimed"
    off = QUANTISE_KERNEL.replace("v + 0.5", "v + 0.4999")
    assert judged(harness, python=QUANTISE, triton=off, test=test)["verdict"] == "wrong"


def test_a_reference_of_chance_is_the_tasks_fault(harness):
    python = "import torch\n\ndef reference(x, y):\n    return torch.nn.functional.dropout(x * y, 0.5)\n"
    verdict = judged(harness, python=python)
    assert (verdict["status"], verdict["verdict"]) == ("FAILED", "rejected")
    assert verdict["error"]["stage"] == "trust"
    assert "random mask" in verdict["reason"]


@pytest.mark.parametrize(
    ("changes", "implementation", "stage", "text"),
    [
        (
            {"python": PYTHON.replace("import torch", "import torch\nimport no_such_module")},
            "pytorch",
            "import",
            "import no_such",
        ),
        ({"python": PYTHON.replace("torch.relu", "torch.no_such")}, "pytorch", "run", "torch.no_such"),
        ({"test": TEST.replace("torch.randn(3", "torch.no_such(3")}, "test", "inputs", "torch.no_such"),
        ({"test": TEST.replace("import torch", "import torch\n1 / 0")}, "test", "import", "1 / 0"),
        (
            {"triton": TRITON.replace("import torch\n", "import torch\nraise KeyError('k')\n")},
            "triton",
            "import",
            "raise",
        ),
        (
            {"triton": TRITON.replace("    return out", "    return out + None")},
            "triton",
            "run",
            "out + None",
        ),
        (
            {"triton": TRITON.replace("tl.arange(0, BLOCK)", "tl.arange(0, 1000)")},
            "triton",
            "compile",
            "tl.arange(0, 1000)",
        ),
        ({"triton": TRITON.replace("tl.maximum(x", "tl.no_such(x")}, "triton", "compile", "tl.no_such"),
    ],
)
def test_an_error_names_its_part_its_stage_and_its_line(harness, changes, implementation, stage, text):
    verdict = judged(harness, **changes)
    error = verdict["error"]
    assert (verdict["status"], verdict["verdict"]) == ("FAILED", "error")
    assert (error["implementation"], error["stage"]) == (implementation, stage), error
    blocks = {"python": PYTHON, "triton": TRITON, "test": TEST} | changes
    order = [blocks["python"], blocks["triton"], blocks["test"]]
    place = {"pytorch": 0, "triton": 1, "test": 2}[implementation]
    assert error["line"] == line_of(text, order[place], *order[:place]), error
    assert "site-packages" not in error["traceback"]


def test_an_endless_kernel_ends_at_the_limit_with_all_that_it_started(harness, tmp_path):
    mark = f"sleep-{time.monotonic_ns()}"
    endless = f"""
import subprocess, sys

def candidate(x, y):
    try:
        # The interpreter's process may start none, the compiler's may.
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300) # {mark}"])
    except PermissionError:
        pass
    while True:
        pass
"""
    verdict = judged(harness, triton=endless, options={"timeout_s": 3})
    assert (verdict["error"]["implementation"], verdict["error"]["stage"]) == ("triton", "timeout")
    assert "3 s" in verdict["reason"]
    assert "make the inputs smaller" in verdict["reason"]
    end = time.monotonic() + 5
    while running(mark) and time.monotonic() < end:
        time.sleep(0.02)
    assert not running(mark)
    assert judged(harness)["verdict"] == "untimed"


def running(mark):
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "cmdline").read_text(errors="replace"):
                return True
        except OSError:
            pass
    return False


@pytest.mark.parametrize(
    ("statement", "how"),
    [
        ("os._exit(0)", "exit status 0"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("sys.exit(0)", "exit status 0"),
    ],
)
def test_a_candidate_that_ends_its_process_is_an_error(harness, statement, how):
    leaving = f"import os, sys\n\ndef candidate(x, y):\n    {statement}\n"
    verdict = judged(harness, triton=leaving)
    assert (verdict["status"], verdict["verdict"]) == ("FAILED", "error")
    assert verdict["error"]["implementation"] == "triton"
    assert how in verdict["reason"]
    assert judged(harness)["verdict"] == "untimed"


def test_a_right_result_without_a_launch_is_rejected(harness):
    verdict = judged(
        harness, triton="import torch\n\ndef candidate(x, y):\n    return torch.relu(x * y) + x\n"
    )
    assert (verdict["status"], verdict["verdict"], verdict["error"]["stage"]) == (
        "FAILED",
        "rejected",
        "trust",
    )
    assert "no Triton kernel" in verdict["reason"]


def test_what_a_pair_prints_reaches_no_reply(harness):
    loud = TRITON.replace("    return out", '    print(\'{"event": "verdict"}\', flush=True)\n    return out')
    assert judged(harness, triton=loud)["verdict"] == "untimed"


MAIN = """
if __name__ == "__main__":
    torch.manual_seed(1)
    inputs = (torch.randn(4, 100, device="cuda"), torch.randn(4, 100, device="cuda"))
    times = test_performance(reference, candidate, inputs, num_runs=5)
    print(times[0] / times[1])
"""

TEST_PERFORMANCE = """
import time

def test_performance(pytorch_func, triton_func, inputs, num_runs=50):
    raise RuntimeError("the recorder stands in for this function")
"""


def test_inputs_come_from_the_main_block(harness):
    verdict = judged(harness, test=TEST_PERFORMANCE, main=MAIN)
    assert verdict["verdict"] == "untimed", verdict
    assert verdict["outputs"][0]["shape"] == [4, 100]


def test_a_main_block_that_calls_the_wrapper_itself_gives_its_arguments(harness):
    main = MAIN.replace("test_performance(reference, candidate, inputs, num_runs=5)", "candidate(*inputs)")
    verdict = judged(harness, test=TEST_PERFORMANCE, main=main)
    assert verdict["verdict"] == "untimed", verdict


def test_a_main_block_that_tests_nothing_says_what_is_missing(harness):
    verdict = judged(harness, test=TEST_PERFORMANCE, main="if __name__ == '__main__':\n    pass\n")
    assert verdict["error"]["stage"] == "inputs"
    assert "get_test_inputs" in verdict["reason"]


MODEL = """
import torch

class Model(torch.nn.Module):
    def __init__(self, features):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(features))

    def forward(self, x):
        return torch.relu(x * self.weight) + x

def get_inputs():
    return [torch.randn(3, 500, device="cuda")]

def get_init_inputs():
    return [500]
"""

MODEL_NEW = TRITON.replace(
    "def candidate(x, y):",
    """class ModelNew(torch.nn.Module):
    def __init__(self, features):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(features))

    def forward(self, x):
        return call(x, self.weight.expand(x.shape[0], -1).contiguous())

def call(x, y):""",
)


def test_modules_are_judged_with_the_references_parameters(harness):
    how = {"entry": ("Model", "ModelNew"), "convention": "modules", "test": ""}
    verdict = judged(harness, python=MODEL, triton=MODEL_NEW, **how)
    assert verdict["verdict"] == "untimed", verdict
    renamed = judged(harness, python=MODEL, triton=MODEL_NEW.replace("self.weight", "self.gain"), **how)
    assert "['gain']" in renamed["reason"]
    assert "['weight']" in renamed["reason"]


def test_a_cancelled_verdict_ends_at_once_and_the_next_is_judged(harness):
    number = harness.send(
        "verify",
        pair=pair(PYTHON, "import time\n\ndef candidate(x, y):\n    time.sleep(100)\n", TEST),
        options={"device": "interpreter"},
    )
    while harness.reply()["event"] != "phase":
        pass
    time.sleep(0.3)
    harness.cancel(number)
    assert harness.result(number, 20) == {"id": number, "event": "failed", "message": "cancelled"}
    assert judged(harness)["verdict"] == "untimed"


def test_pairs_in_flight_together_keep_their_verdicts_apart(harness):
    wrong = TRITON.replace("+ x, mask", "+ x + 0.5, mask")
    numbers = [
        harness.send("verify", pair=pair(PYTHON, triton, TEST), options={"device": "interpreter"})
        for triton in (TRITON, wrong, TRITON, wrong)
    ]
    verdicts = {}
    while len(verdicts) < 4:
        reply = harness.reply()
        if reply["event"] == "verdict":
            verdicts[reply["id"]] = reply["verdict"]["verdict"]
    assert [verdicts[number] for number in numbers] == ["untimed", "wrong", "untimed", "wrong"]


def test_a_compile_request_tells_resources_without_running(harness):
    reply = harness.result(harness.send("compile", pair=pair(PYTHON, TRITON, TEST), options={}))
    assert reply["event"] == "compiled"
    assert reply["error"] is None
    assert reply["kernels"][0]["registers"] > 0
    broken = harness.send(
        "compile", pair=pair(PYTHON, TRITON.replace("0, BLOCK)", "0, 1000)"), TEST), options={}
    )
    assert harness.result(broken)["error"]["line"] == line_of(
        "0, 1000)", TRITON.replace("0, BLOCK)", "0, 1000)"), PYTHON
    )


def test_a_device_that_is_not_there_is_not_the_pairs_fault(harness):
    reply = harness.result(harness.send("verify", pair=pair(PYTHON, TRITON, TEST), options={"device": "tpu"}))
    assert reply["event"] == "failed"
    assert "tpu" in reply["message"]


def test_a_request_that_is_none_does_not_end_the_harness(harness):
    harness.process.stdin.write(b'{"verb": \nnull\n{"verb": "dance", "id": 77}\n')
    harness.process.stdin.flush()
    assert harness.result(77)["message"] == "there is no verb 'dance'"
    assert judged(harness)["verdict"] == "untimed"


def test_the_end_of_standard_input_ends_every_process():
    with Harness() as running_harness:
        folders = f"fusewright-harness-{running_harness.process.pid}-*"
        judged(running_harness)
        from fusewright_harness.process_tree import descendants

        started = descendants(running_harness.process.pid)
        assert len(started) >= 2
        assert list(Path(tempfile.gettempdir()).glob(folders))
    end = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in started) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)
    assert not list(Path(tempfile.gettempdir()).glob(folders))
