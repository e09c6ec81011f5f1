"""What the harness's own dispatch modes must not cost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HARNESS = Path(__file__).resolve().parents[1]

# Torch keeps its compiler away from dispatch modes, and imports it for that: three seconds in each fresh worker.
COUNT = """
import sys
import torch
from torch.utils._python_dispatch import TorchDispatchMode
import fusewright_harness.census, fusewright_harness.examination, fusewright_harness.operators

modes = [mode for mode in TorchDispatchMode.__subclasses__() if mode.__module__.startswith("fusewright_harness")]
assert len(modes) >= 3, modes
fusewright_harness.census.count(lambda x: torch.relu(x * 2), (torch.randn(4),), {}, [])
assert "torch._dynamo" not in sys.modules, "the compiler was imported"
for mode in modes:
    skips = getattr(mode, "_should_skip_dynamo", None)
    assert "_should_skip_dynamo" in mode.__dict__ and not skips(), mode
"""


def test_no_mode_has_torch_import_its_compiler():
    ran = subprocess.run(
        [sys.executable, "-c", COUNT], cwd=HARNESS, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
