"""Many pairs in one run, a quarter of them hostile: right verdicts, nothing left behind, no worker stuck.

The same run on a GPU is `make gpu-test GPU_TEST='--only faults'`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "gpu"))
from faults import survive

PAIRS = 200


def test_a_mixed_run_is_survived(capsys: pytest.CaptureFixture[str]) -> None:
    survival = survive(PAIRS, "interpreter", in_flight=max(2, (os.cpu_count() or 2) // 2))
    with capsys.disabled():
        print(f"\n{survival}")
    assert not survival.faults
    assert (survival.pairs, survival.right, survival.outlived) == (PAIRS, PAIRS, 0)
    assert survival.hostile == PAIRS // 4
