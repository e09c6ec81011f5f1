"""A simulated judge: speaks the harness's protocol, runs nothing, and rules as the TRITON block tells it to.

A block that holds `# simulated: wrong` is wrong; every other one is right. For tests of the loop, where
verdicts are to be quick and known beforehand. It stands behind `[python] command`, so its first line of input
is the harness's own package, which it passes over.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def say(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def verdict(code: str) -> dict[str, Any]:
    wrong = "# simulated: wrong" in code
    return {
        "status": "SUCCESS",
        "correct": not wrong,
        "verdict": "wrong" if wrong else "untimed",
        "reason": "simulated: nothing was run",
        "pending": [],
        "device": {"name": "simulated", "mode": "interpreter"},
        "environment": {"torch": "simulated"},
        "duration_ms": {"total": 1.0},
    }


def main() -> None:
    say(event="ready")
    for line in sys.stdin:
        if not line.startswith("{"):
            continue
        request = json.loads(line)
        if request["verb"] != "verify":
            continue
        id = request["id"]
        say(id=id, event="phase", phase="inputs", message="simulating")
        time.sleep(0.02)
        say(id=id, event="verdict", verdict=verdict(request["pair"]["triton"]["code"]))


if __name__ == "__main__":
    main()
