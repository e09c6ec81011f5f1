"""The pairs that ship: clean by every rule and right without a GPU; the broken ones caught where they say.

What only a GPU can tell ("pass", "slower") is asked by tests/gpu/gpu_test.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
GOOD = [*sorted((EXAMPLES / "demo").glob("*.py")), *sorted(EXAMPLES.glob("*.py"))]
BROKEN = sorted((EXAMPLES / "broken").glob("*.py"))

sys.path.insert(0, str(ROOT / "tests/gpu"))
from product import shipped  # noqa: E402


def name(path: Path) -> str:
    return str(path.relative_to(EXAMPLES))


@pytest.fixture(scope="module")
def verdicts(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, dict[str, Any]]:
    """Every pair's verdict line from one run in Triton's interpreter, two at once: about 10 s a pair."""
    pairs = [*GOOD, *BROKEN]
    how = ["--json", "--device", "interpreter", "--timeout", "300", "--jobs", "2"]
    run = subprocess.run(
        [binary, "verify", *how, *pairs],
        capture_output=True,
        text=True,
        timeout=3600,
        cwd=tmp_path_factory.mktemp("nowhere"),
    )
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert [line["file"] for line in lines] == [str(pair) for pair in pairs], run.stderr
    return dict(zip(pairs, lines, strict=True))


@pytest.mark.parametrize("pair", GOOD, ids=name)
def test_a_good_pair_breaks_no_rule(binary: Path, pair: Path) -> None:
    run = subprocess.run([binary, "check", "--json", pair], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("pair", GOOD, ids=name)
def test_a_good_pair_is_right(verdicts: dict[Path, dict[str, Any]], pair: Path) -> None:
    line = verdicts[pair]
    assert line["verdict"] == "untimed", line["reason"]
    assert line["correct"] is True
    assert line["pending"] == []
    assert line["outputs"], "nothing was compared"
    assert all(output["mismatched"] == 0 and output["total"] > 0 for output in line["outputs"])
    launched = {kernel["name"]: kernel["launches"] for kernel in line["kernels"]}
    assert list(launched.values()) == [1], f"not one launch of one kernel: {launched}"


@pytest.mark.parametrize("pair", BROKEN, ids=name)
def test_a_broken_pair_is_caught(verdicts: dict[Path, dict[str, Any]], pair: Path) -> None:
    expected = dict(next(case for case in shipped() if case.path == pair).expected)
    if expected["verdict"] == "slower":
        expected["verdict"] = "untimed"
    line = verdicts[pair]
    error = line["error"] or {}
    got = {key: str(line["verdict"] if key == "verdict" else error.get(key)) for key in expected}
    assert got == expected, line["reason"]


def test_both_styles_and_all_conventions_are_shown() -> None:
    texts = {pair.stem: pair.read_text() for pair in GOOD}
    closed = {stem for stem, text in texts.items() if "# </TRITON>" in text}
    assert len(closed) >= 6
    assert len(set(texts) - closed) >= 6
    spelt = {
        "NAME_torch and NAME_triton": "def bias_gelu_scale_triton(",
        "NAME_pytorch and NAME_triton_wrapper": "def causal_attention_triton_wrapper(",
        "the names of the tasks": "def fused_kernel_triton_wrapper(",
        "an alias of an operator": "rotary = RotaryEmbedding.apply",
        "modules": "class ModelNew(nn.Module)",
        "inputs in the main block": "def test_performance(",
        "autotuned": "@triton.autotune",
    }
    everything = "\n".join(texts.values())
    assert [what for what, text in spelt.items() if text not in everything] == []
