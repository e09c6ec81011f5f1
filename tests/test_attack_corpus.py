"""Hostile pairs, each caught for its own reason: by the whole product, and by the harness without the rules.

A file's header says what it does, why a naive script would take it for right and fast, and what must be said:

    # attack: CLASS: one line
    # why: why it looks right
    # expect: VERDICT TYPE line N      by the whole product
    # finds: CODE line N               a rule that must speak too, where another comes first in the text
    # alone: VERDICT TYPE line N       by the harness alone; `static` where only rules can tell
    # says: a part of the reason       where the verdict has no type of its own
    # needs: gpu                       where the harness alone needs a GPU to tell

The harness is spoken to without the engine, whose rules nothing can switch off.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests/corpus/attacks"
CLASSES = {
    "Clock",
    "Containment",
    "Harness",
    "Not a kernel",
    "Not computing",
    "Reuse",
    "Stolen",
    "Unsound task",
    "Wrong kernel",
}
# Pairs that hang are ended by this limit; all others need about a second, more on a busy machine.
LIMIT_S = 30
# Two at once keep two cores busy.
JOBS = 2

sys.path.insert(0, str(ROOT / "harness/tests"))
from attack_files import Attack, Promise, read_attack  # noqa: E402
from harness_client import Harness  # noqa: E402

ATTACKS = [read_attack(path) for path in sorted(CORPUS.rglob("*.py"))]
# What only a clock or real races can tell is asked on a GPU; a rule needs none.
PRODUCT = [
    attack for attack in ATTACKS if attack.needs is None or (attack.expect.type or "").startswith("FW")
]
ALONE = [attack for attack in ATTACKS if attack.alone is not None]

Line = dict[str, Any]


def name(attack: Attack) -> str:
    return str(attack.path.relative_to(CORPUS).with_suffix(""))


def caught(promise: Promise, line: Line) -> bool:
    """Whether a verdict is the promised one, of the promised type, on the promised line."""
    error = line["error"] or {}
    return (
        line["correct"] is False
        and line["verdict"] == promise.verdict
        and error.get("type") == promise.type
        and promise.line in (None, error.get("line"))
    )


@pytest.fixture(scope="module")
def product(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Line]:
    """Every file's verdict line from the whole product, in one run."""
    paths = [attack.path for attack in PRODUCT]
    how = ["--json", "--device", "interpreter", "--timeout", str(LIMIT_S), "--jobs", str(JOBS)]
    run = subprocess.run(
        [binary, "verify", *how, *paths],
        capture_output=True,
        text=True,
        timeout=3600,
        cwd=tmp_path_factory.mktemp("nowhere"),
    )
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert [line["file"] for line in lines] == [str(path) for path in paths], run.stderr
    return dict(zip(paths, lines, strict=True))


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as running:
        yield running


@pytest.fixture(scope="module")
def alone(harness: Harness) -> dict[Path, Line]:
    """The verdict lines of the harness without any rule, two pairs in flight."""
    waiting, running, lines = list(ALONE), {}, {}
    while waiting or running:
        while waiting and len(running) < 2:
            attack = waiting.pop(0)
            options = {"device": "interpreter", "timeout_s": LIMIT_S}
            running[harness.send("verify", pair=attack.pair, options=options)] = attack.path
        reply = harness.reply()
        if reply["event"] == "verdict":
            lines[running.pop(reply["id"])] = reply["verdict"]
        assert reply["event"] != "failed", (running[reply["id"]], reply)
    return lines


@pytest.mark.parametrize("attack", PRODUCT, ids=name)
def test_the_product_catches(product: dict[Path, Line], attack: Attack) -> None:
    line = product[attack.path]
    assert caught(attack.expect, line), (line["verdict"], line["reason"], line["error"])
    if attack.expect.type is None:
        assert attack.says
        assert attack.says in line["reason"]
    if attack.finds is not None:
        assert (attack.finds.type, attack.finds.line) in [(f["code"], f["line"]) for f in line["findings"]]


@pytest.mark.parametrize("attack", ALONE, ids=name)
def test_the_harness_catches_alone(alone: dict[Path, Line], attack: Attack) -> None:
    line = alone[attack.path]
    assert caught(attack.alone, line), (line["verdict"], line["reason"], line["error"])
    if attack.says:
        assert attack.says in line["reason"]


def test_the_table_of_classes(
    product: dict[Path, Line], alone: dict[Path, Line], capsys: pytest.CaptureFixture[str]
) -> None:
    """Prints the table: of each class, how many the product catches, and how many the harness alone."""
    counts = {group: Counter[str]() for group in sorted(CLASSES)}
    for attack in PRODUCT:
        counts[attack.group]["n"] += 1
        counts[attack.group]["caught"] += caught(attack.expect, product[attack.path])
    for attack in ALONE:
        counts[attack.group]["n alone"] += 1
        counts[attack.group]["caught alone"] += caught(attack.alone, alone[attack.path])
    with capsys.disabled():
        print(f"\n{'attacks':<16}{'caught':>10}{'without rules':>16}")
        for group, count in [*counts.items(), ("all", sum(counts.values(), Counter[str]()))]:
            by_product = f"{count['caught']}/{count['n']}"
            by_harness = f"{count['caught alone']}/{count['n alone']}"
            print(f"{group:<16}{by_product:>10}{by_harness:>16}")
    assert {attack.group for attack in ATTACKS} == CLASSES
