#!/usr/bin/env python3
"""Judge one pair file and print the verdict as one line of JSON.

    python triton_training_data/scripts/benchmark.py FILE

The work is done by the fusewright binary, which `fusewright init` recorded below. Exit status: 0 when the
pair passed, 1 when it did not, 2 when it could not be judged. Options of `fusewright verify` may follow FILE.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

FUSEWRIGHT = "fusewright"


def find_binary() -> str | None:
    """Return the path of the recorded binary, else of the one on PATH, else None."""
    if Path(FUSEWRIGHT).is_file() and os.access(FUSEWRIGHT, os.X_OK):
        return FUSEWRIGHT
    return shutil.which("fusewright")


def could_not_judge(kind: str, message: str) -> int:
    """Print a verdict line that says why there is no verdict, and return the exit status."""
    print(message, file=sys.stderr)
    error = {
        "implementation": "harness",
        "stage": "import",
        "type": kind,
        "message": message,
        "line": None,
        "traceback": "",
    }
    line = {"status": "FAILED", "correct": False, "verdict": None, "reason": message, "error": error}
    print(json.dumps(line), flush=True)
    return 2


def main(arguments: list[str]) -> int:
    """Hand over to the binary; return its exit status."""
    if not arguments:
        return could_not_judge("Usage", "no pair file was named: benchmark.py FILE")
    binary = find_binary()
    if binary is None:
        return could_not_judge(
            "BinaryNotFound",
            f"the fusewright binary is gone from {FUSEWRIGHT} and is not on PATH: "
            "install it and run `fusewright init` in the workspace again",
        )
    try:
        return subprocess.run([binary, "verify", "--json", *arguments], check=False).returncode
    except OSError as error:
        return could_not_judge("BinaryNotRunnable", f"{binary} cannot be run: {error}")
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
