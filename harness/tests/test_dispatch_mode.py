"""Modes that run in a reference's process."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import torch
from fusewright_harness import operators
from fusewright_harness.call import Arguments
from fusewright_harness.census import count
from fusewright_harness.exact import nudged_runs

def reference(x):
    return torch.softmax(x, -1)

x = torch.randn(8, 8)
assert nudged_runs(reference, Arguments((x,), {}), torch.device("cpu"), ties=True)
assert count(reference, (x,), {}, [])["operators"]
with operators.OperatorWatch("pair.py") as watch:
    reference(x)
assert watch.trace.calls
print("torch._dynamo" in sys.modules)
"""


def test_no_mode_has_torch_import_its_compiler():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("False\n", 0), done.stderr
