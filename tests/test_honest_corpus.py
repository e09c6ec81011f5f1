"""Honest pairs of many kinds, none of which may be blamed: by no rule, by no check of the judge.

Many look like a cheat from afar: a result that is nearly constant, an input handed back by contract, a sum of
partial results on the host. A judge that blames one costs its user an example of a kind that is rare.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).resolve().parent / "corpus/honest"
PAIRS = sorted(CORPUS.glob("*.py"))
KINDS = re.compile(r"\A# kinds: (?P<kinds>.+?)\r?\n\"\"\"Fused Kernels: ")
# Two at once keep two cores busy.
JOBS = 2


def by_name(pair: Path) -> str:
    return pair.stem


def kinds(pair: Path) -> set[str]:
    """What a pair is an example of, as its first line says."""
    header = KINDS.match(pair.read_bytes().decode("utf-8"))
    assert header, f"{pair.name} does not begin with `# kinds: …` and a title"
    return {kind.strip() for kind in header["kinds"].split(",")}


@pytest.fixture(scope="module")
def verdicts(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The verdict line of each pair, by the file's name."""
    how = ["--json", "--device", "interpreter", "--timeout", "300", "--jobs", str(JOBS)]
    run = subprocess.run(
        [binary, "verify", *how, *PAIRS],
        capture_output=True,
        text=True,
        timeout=3600,
        cwd=tmp_path_factory.mktemp("nowhere"),
    )
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert [line["file"] for line in lines] == [str(pair) for pair in PAIRS], run.stderr[-2000:]
    return {Path(line["file"]).stem: line for line in lines}


@pytest.fixture(scope="module")
def diagnostics(binary: Path) -> dict[str, list[dict[str, Any]]]:
    """What the rules say about each pair, by the file's name."""
    run = subprocess.run([binary, "check", "--json", *PAIRS], capture_output=True, text=True, timeout=120)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert [line["file"] for line in lines] == [str(pair) for pair in PAIRS], run.stderr[-2000:]
    return {Path(line["file"]).stem: line["diagnostics"] for line in lines}


def blames(code: str, severity: str) -> bool:
    """Whether a finding is one that no honest pair may get: any error, and whatever speaks of trust.

    A seed in TEST is pointed out (information), and no reproach.
    """
    return severity == "error" or (code.startswith("FW4") and severity != "info")


def told(line: dict[str, Any]) -> str:
    """A verdict in one line, for the report of a failed test."""
    error = line["error"] or {}
    reason = line["reason"] or "no reason given"
    return f"{line['verdict']}: {error.get('type', '')} {reason} (line {error.get('line')})"


@pytest.mark.parametrize("pair", PAIRS, ids=by_name)
def test_no_rule_blames_an_honest_pair(diagnostics: dict[str, list[dict[str, Any]]], pair: Path) -> None:
    blamed = [
        f"{pair.name}:{found['line']}: {found['code']} {found['message']}"
        for found in diagnostics[pair.stem]
        if blames(found["code"], found["severity"])
    ]
    assert not blamed, "\n".join(blamed)


@pytest.mark.parametrize("pair", PAIRS, ids=by_name)
def test_no_check_blames_an_honest_pair(verdicts: dict[str, dict[str, Any]], pair: Path) -> None:
    line = verdicts[pair.stem]
    assert line["verdict"] == "untimed", f"{pair.name} is blamed: {told(line)}"
    assert line["correct"] is True, f"{pair.name} is blamed: {told(line)}"
    assert line["pending"] == []
    blamed = [
        f"{pair.name}:{found['line']}: {found['code']} {found['message']}"
        for found in line["findings"]
        if blames(found["code"], found["severity"])
    ]
    assert not blamed, "\n".join(blamed)
    assert line["kernels"], f"{pair.name}: no launch was seen"
    assert line["outputs"], f"{pair.name}: nothing was compared"
    assert all(output["mismatched"] == 0 for output in line["outputs"])


def test_the_corpus_is_broad() -> None:
    assert len(PAIRS) >= 65
    shown = set().union(*(kinds(pair) for pair in PAIRS))
    wanted = {
        *("elementwise", "normalisation", "softmax", "reduction", "matmul", "attention", "convolution"),
        *("RoPE", "cross-entropy", "quantisation", "dequantisation", "scan", "histogram", "sort", "top-k"),
        *("embedding", "mixture of experts", "optimiser", "dropout", "backward", "pooling", "gated unit"),
        *("float16", "bfloat16", "float32", "float64", "float8", "int8", "int32", "integer output"),
        *("boolean output", "several outputs", "in place", "list of tensors", "dictionary output"),
        *("named tuple output", "keyword arguments", "strided inputs", "scalar arguments", "zero-size guard"),
        *("autotune", "heuristics", "nested kernels", "tensor descriptors", "atomics", "two kernels"),
        *("device properties", "host glue", "refuses other sizes", "nearly constant result"),
        *("nn.Module", "autograd.Function", "inputs in the main block", "CRLF line endings"),
    }
    assert wanted - shown == set()
