"""A task's file, run alone as an agent runs it: `python 001_fused_kernels.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

FILE = Path(__file__).parent / "golden/001_fused_kernels.py"
RULE = "=" * 60

without_a_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="tells what happens without a GPU")


def run(text: str, folder: Path, interpret: str = "1") -> subprocess.CompletedProcess[str]:
    path = folder / "001_fused_kernels.py"
    # Few rows: what is asked is what the file says, not how large its inputs are.
    path.write_text(text.replace("(1, 8, 64, 2048,", "(1, 2, 8, 256,"), encoding="utf-8")
    environment = {**os.environ, "TRITON_INTERPRET": interpret}
    command = [sys.executable, path.name]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", env=environment, cwd=folder, timeout=300
    )


def broken(old: str, new: str) -> str:
    text = FILE.read_text(encoding="utf-8")
    assert text.count(old) == 1
    return text.replace(old, new)


@without_a_gpu
def test_it_says_what_it_needs(tmp_path: Path) -> None:
    ran = run(FILE.read_text(encoding="utf-8"), tmp_path, interpret="0")
    assert ran.returncode == 1
    assert ran.stdout == "=== ATTEMPT 1: scale, mask and softmax over attention scores ===\n"
    assert ran.stderr == (
        "This file needs a GPU; with TRITON_INTERPRET=1 it runs on the CPU, without times.\n"
    )


@without_a_gpu
def test_it_prints_the_final_report(tmp_path: Path) -> None:
    ran = run(FILE.read_text(encoding="utf-8"), tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == (
        "=== ATTEMPT 1: scale, mask and softmax over attention scores ===\n"
        f"\n{RULE}\nFINAL TEST REPORT - ATTEMPT 1\n{RULE}\n"
        "PyTorch Implementation: ✓ SUCCESS\n"
        "Triton Implementation:  ✓ SUCCESS\n\n"
        "PyTorch Time: not measured (no GPU)\n"
        "Triton Time:  not measured (no GPU)\n\n"
        "🏆 RESULT: Triton gives PyTorch's results; its speed is not known without a GPU\n\n"
        "✅ SUCCESS: Both implementations completed successfully!\n"
        "TASK COMPLETED - Stopping execution.\n"
    )


@without_a_gpu
def test_wrong_values_are_analysed(tmp_path: Path) -> None:
    ran = run(broken(".to(tl.float32) * scale", ".to(tl.float32)"), tmp_path)
    head, point, *_ = ran.stdout.split("\n\n")[1:]
    assert (ran.returncode, ran.stderr) == (1, "")
    assert (
        head
        == f"{RULE}\nFAILURE ANALYSIS - ATTEMPT 1\n{RULE}\n❌ FAILURE: Triton: Tensor-likes are not close!"
    )
    assert point.startswith(
        "🔍 FAILURE POINT:\n- Implementation: Triton\n- Stage: Testing\n- Error: Tensor-likes"
    )
    assert "🔍 ROOT CAUSE ANALYSIS:\n" in ran.stdout
    assert "🔧 PLANNED FIX:\n" in ran.stdout
    assert ran.stdout.endswith(f"\n\n{RULE}\n")


@without_a_gpu
@pytest.mark.parametrize(
    ("old", "new", "implementation", "error"),
    [
        (
            "    return out\n",
            "    return out.no\n",
            "Triton",
            "AttributeError: 'Tensor' object has no attribute 'no'",
        ),
        ("    scaled = scores", "    scaled = score", "PyTorch", "NameError: name 'score' is not defined"),
        ("    keep = torch.rand(", "    keep = torch.rant(", "Both", "AttributeError: module 'torch' has no"),
    ],
)
def test_an_error_is_named_with_its_side_and_place(
    tmp_path: Path, old: str, new: str, implementation: str, error: str
) -> None:
    text = broken(old, new)
    ran = run(text, tmp_path)
    line = text[: text.index(new)].count("\n") + 1
    assert (ran.returncode, ran.stderr) == (1, "")
    assert f"- Implementation: {implementation}\n- Stage: Execution\n- Error: {error}" in ran.stdout
    assert f"The error was raised at line {line}, in " in ran.stdout
