"""A simulated harness: speaks the protocol, runs nothing, and misbehaves as its first argument says."""

import json
import os
import re
import subprocess
import sys
import time

mode = sys.argv[1]


def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def verdict(request, **more):
    return {
        "status": "SUCCESS",
        "correct": True,
        "verdict": "untimed",
        "reason": "simulated: nothing was run",
        "pending": [],
        "device": {"name": "simulated", "mode": "interpreter"},
        "environment": {"torch": "simulated"},
        "duration_ms": {"total": 1.0},
        **more,
    }


def whole_block(subject):
    """A TRITON block that no rule blames, whatever it computes; no run would find it right."""
    entry = subject["entry"]
    parameters = re.search(rf"def {entry['reference']}\((.*?)\)", subject["python"]["code"])[1]
    names = [part.split(":")[0].split("=")[0].strip() for part in parameters.split(",")]
    return f"""\
import torch
import triton
import triton.language as tl


@triton.jit
def simulated_kernel(x_ptr, others, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < n, other=0.0)
    tl.store(out_ptr + offsets, x, mask=offsets < n)


def launch(first, *others):
    out = torch.empty_like(first)
    n = out.numel()
    simulated_kernel[(triton.cdiv(n, 256),)](first, others, out, n, BLOCK=256)
    return out


def {entry["candidate"]}({parameters}):
    return launch({", ".join(names)})
"""


if mode == "dies-at-start":
    print("some log", file=sys.stderr)
    sys.exit("ModuleNotFoundError: No module named 'simulated'")
if mode == "never-ready":
    time.sleep(600)
if mode == "greets":
    print("Welcome to this machine")
say(event="ready")

for line in sys.stdin:
    request = json.loads(line)
    verb, id = request["verb"], request["id"]
    if verb == "environment":
        say(
            id=id,
            event="environment",
            environment={"python": "3", "pid": os.getpid(), "environ": dict(os.environ)},
        )
    elif verb == "prewarm":
        if request["options"]["device"] != "auto":
            say(id=id, event="failed", message="there is no such device")
        else:
            say(id=id, event="warm")
    elif verb == "cancel":
        with open(os.environ["FUSEWRIGHT_TEST_CANCELLED"], "w") as file:
            file.write(str(id))
    elif mode == "dies":
        say(id=id, event="phase", phase="inputs", message="making inputs")
        print("the last words", file=sys.stderr)
        os._exit(7)
    elif mode == "dies-and-leaves-a-child":
        # The child holds standard output open and lives in a session of its own.
        child = subprocess.Popen(["sleep", "600"], start_new_session=True)
        print(f"child {child.pid}", file=sys.stderr)
        sys.stderr.flush()
        os._exit(7)
    elif mode == "hangs":
        child = subprocess.Popen(["sleep", "600"], start_new_session=True)
        say(id=id, event="phase", phase="run", message=str(child.pid))
        time.sleep(600)
    elif mode == "garbage":
        sys.stdout.write("{not json\n")
        sys.stdout.flush()
        time.sleep(600)
    elif mode == "huge-line":
        sys.stdout.write('{"event":"' + "x" * 5_000_000)
        sys.stdout.flush()
        time.sleep(600)
    elif mode == "refuses":
        say(id=id, event="failed", message="the GPU fell off the bus")
    elif mode == "closes-output":
        os.close(1)
        time.sleep(600)
    elif mode == "ignores":
        pass
    elif mode == "out-of-order":
        # The first request is answered only after the second.
        if id % 2 == 0:
            say(id=id, event="verdict", verdict=verdict(request, reason=request["pair"]["file"]))
            say(id=id - 1, event="verdict", verdict=verdict(request, reason="first"))
    elif verb == "inductor":
        subject = request["pair"]
        candidate = subject["entry"]["candidate"]
        failed = {
            "implementation": "pytorch",
            "stage": "run",
            "type": "Error",
            "message": "simulated",
            "line": 4,
        }
        errors = {
            "answers": None,
            "writes": None,
            "unsupported": {**failed, "type": "Unsupported", "operator": "aten.sort"},
            "version": {**failed, "implementation": "harness", "type": "TorchNotCovered", "line": None},
            "fails": failed,
        }
        error = errors[mode]
        kernel = {
            "triton": whole_block(subject) if mode == "writes" else f"def {candidate}(): ...\n",
            "kernels": [subject["inputs"]],
            "launches": 1,
            "torch": "simulated",
        }
        say(id=id, event="phase", phase="inductor", message="asking TorchInductor")
        say(id=id, event="written", kernel=None if error else kernel, error=error)
    else:
        say(id=id, event="phase", phase="inputs", message="making inputs")
        say(id=id, event="first", verdict=verdict(request, pending=["audit"]))
        if mode == "slow":
            for _ in range(8):
                time.sleep(0.3)
                say(id=id, event="phase", phase="audit", message="auditing")
        say(id=id, event="verdict", verdict=verdict(request))
