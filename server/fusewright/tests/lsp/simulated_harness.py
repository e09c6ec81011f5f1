"""A simulated harness: it speaks the protocol and runs nothing; the TRITON block says what it answers.

A comment `# simulated: WHAT` in the block names one of the answers below. Lines are looked up in the block,
so that an answer names the line of the file as the real harness would.
"""

import json
import os
import sys


def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def line_of(block, text):
    lines = block["code"].splitlines()
    return block["first_line"] + next(number for number, line in enumerate(lines) if text in line)


def output(**more):
    return {
        "path": "",
        "shape": [2, 3],
        "dtype": "float32",
        "max_abs_error": 0.0,
        "max_rel_error": 0.0,
        "mismatched": 0,
        "total": 6,
        "first_mismatch": None,
        "expected_from": "float64",
        **more,
    }


def verdict(pair, **more):
    name = pair["entry"]["candidate"].replace("_triton", "_kernel")
    kernel = {"name": name, "line": line_of(pair["triton"], f"def {name}"), "launches": 1}
    return {
        "status": "SUCCESS",
        "correct": True,
        "verdict": "pass",
        "reason": None,
        "kernels": [kernel],
        "outputs": [output()],
        "pending": [],
        "device": {"name": "simulated", "mode": "cuda"},
        "environment": {"torch": "simulated"},
        "duration_ms": {"total": 1.0},
        **more,
    }


def passed(pair, **more):
    times = {"speedup": 2.314, "speedup_ci": [2.2, 2.4], "python_ms": 0.2314, "triton_ms": 0.1}
    return verdict(pair, **{**times, **more})


def failed(pair, ruling, implementation, stage, kind, message, line):
    error = {
        "implementation": implementation,
        "stage": stage,
        "type": kind,
        "message": message,
        "line": line,
        "traceback": "",
    }
    more = {"status": "FAILED", "correct": False, "verdict": ruling, "reason": message, "error": error}
    return verdict(pair, outputs=[], **more)


def wrong(pair):
    first = {"index": [1, 2], "expected": "0.5", "got": "nan"}
    outputs = [output(mismatched=4, max_abs_error=None, first_mismatch=first)]
    return verdict(pair, correct=False, verdict="wrong", reason="4 of 6 elements differ", outputs=outputs)


def answer(pair):
    code = pair["triton"]["code"]
    what = code.split("# simulated: ", 1)[1].split("\n", 1)[0]
    if what == "pass":
        return passed(pair)
    if what == "slower":
        return verdict(pair, verdict="slower", reason="0.50x: slower than the reference", speedup=0.5)
    if what == "untimed":
        return verdict(pair, verdict="untimed", reason="there is no GPU to time it on")
    if what == "wrong":
        return wrong(pair)
    if what == "compile":
        line = line_of(pair["triton"], "tl.load")
        return failed(pair, "error", "triton", "compile", "CompilationError", "no such shape", line)
    if what == "inputs":
        return failed(pair, "error", "test", "inputs", "ValueError", "no inputs", None)
    if what == "rejected":
        line = line_of(pair["triton"], f"def {pair['entry']['candidate']}")
        return failed(pair, "rejected", "triton", "trust", "NotLaunched", "the kernel was not launched", line)
    if what == "unjudged":
        return failed(pair, None, "harness", "run", "OutOfDisk", "there is no room for the inputs", None)
    raise SystemExit(f"no such simulation: {what}")


def compiled(pair):
    """The answer to a compile check: an error where the block says so, else the kernel with its resources."""
    code = pair["triton"]["code"]
    if "# simulated: compile\n" in code:
        line = line_of(pair["triton"], "tl.load")
        refused = failed(pair, "error", "triton", "compile", "CompilationError", "no such shape", line)
        return {"kernels": [], "error": refused["error"]}
    name = pair["entry"]["candidate"].replace("_triton", "_kernel")
    line = line_of(pair["triton"], f"def {name}")
    spills = 12 if "# simulated: spills" in code else 0
    kernel = {"name": name, "line": line, "launches": 1}
    return {"kernels": [{**kernel, "registers": 40, "shared_bytes": 2048, "spills": spills}], "error": None}


def inductor(pair):
    """A kernel as TorchInductor would write it, unlike those that the tests' models write."""
    name = pair["entry"]["candidate"]
    code = f"""import torch
import triton
import triton.language as tl


@triton.jit
def relu_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    # simulated: pass
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n)
    tl.store(out_ptr + at, tl.where(x > 0.0, x, 0.0), mask=at < n)


def {name}(x):
    out = torch.empty_like(x)
    relu_kernel[(triton.cdiv(x.numel(), 1024),)](x, out, x.numel(), BLOCK=1024)
    return out
"""
    return {
        "kernel": {"triton": code, "kernels": ["relu_kernel"], "launches": 1, "torch": "simulated"},
        "error": None,
    }


together = []  # Those that are answered when two of them have come, the later one first.

sys.stdin.readline()  # The real harness's own code, which stays unused.
say(event="ready")
for text in sys.stdin:
    request = json.loads(text)
    number = request["id"]
    with open(os.path.join(os.environ["FUSEWRIGHT_HOME"], "asked"), "a") as asked:
        asked.write(request["verb"] + "\n")
    if request["verb"] == "prewarm":
        say(id=number, event="warm")
    if request["verb"] == "compile":
        say(id=number, event="compiled", **compiled(request["pair"]))
    if request["verb"] == "inductor":
        pair = request["pair"]
        if "simulated: slow compiler" in pair["python"]["code"]:
            say(id=number, event="phase", phase="inductor", message="asking TorchInductor")
            continue
        say(id=number, event="written", **inductor(pair))
    if request["verb"] != "verify":
        continue
    pair = request["pair"]
    say(id=number, event="phase", phase="inputs", message="making inputs")
    if "# simulated: waits" in pair["triton"]["code"]:
        continue
    if "# simulated: together" in pair["triton"]["code"]:
        together.append((number, pair))
        if len(together) == 2:
            for asked, other in reversed(together):
                say(id=asked, event="verdict", verdict=passed(other))
            together.clear()
        continue
    if "# simulated: first" in pair["triton"]["code"]:
        say(id=number, event="first", verdict=passed(pair, pending=["audit"]))
        if "waits" in pair["triton"]["code"]:
            continue
        say(id=number, event="verdict", verdict=passed(pair))
    else:
        say(id=number, event="verdict", verdict=answer(pair))
