"""What the harness's own dispatch modes must not cost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HARNESS = Path(__file__).resolve().parents[1]

# Torch keeps its compiler away from dispatch modes, and imports it for that: three seconds in each fresh worker.
CODE = """
import sys
from pathlib import Path
from importlib import import_module

import torch
from torch.utils._python_dispatch import TorchDispatchMode

for file in Path("fusewright_harness").glob("*.py"):
    if file.stem != "__main__":
        import_module(f"fusewright_harness.{file.stem}")

from fusewright_harness.call import Arguments
from fusewright_harness.dispatch_mode import DispatchMode
from fusewright_harness.near_zero import by_formulas

bare = [mode for mode in TorchDispatchMode.__subclasses__() if mode.__module__.startswith("fusewright_harness")]
assert bare == [DispatchMode], bare
assert len(DispatchMode.__subclasses__()) >= 9, DispatchMode.__subclasses__()

def reference(x):
    return torch.softmax(torch.log1p(x.abs()), -1)

x = Arguments((torch.randn(8, 8),), {})
assert import_module("fusewright_harness.exact").nudged_runs(reference, x, torch.device("cpu"), ties=True)
assert import_module("fusewright_harness.census").count(reference, x.positional, {}, [])["operators"]
assert by_formulas(lambda arguments: arguments.call(reference), x)
with import_module("fusewright_harness.operators").OperatorWatch("pair.py") as watch:
    reference(*x.positional)
assert watch.trace.calls
assert "torch._dynamo" not in sys.modules, "the compiler was imported"
"""


def test_no_mode_has_torch_import_its_compiler():
    ran = subprocess.run(
        [sys.executable, "-c", CODE], cwd=HARNESS, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
