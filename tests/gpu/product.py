"""The whole product on many files: shipped pairs, attacks, honest pairs; what each must get, and got."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
CORPUS = ROOT / "tests" / "corpus"
# Of one file's verdict; the run gets as much for each.
LIMIT_S_PER_FILE = 60
RIGHT = ("pass", "same", "slower")

Line = dict[str, Any]

_SHIPPED = re.compile(r"^# expect: (verdict=.+)$", re.MULTILINE)
_PROMISE = r"(wrong|rejected|error)(?: ([A-Z]\w+))?(?: line (\d+))?$"
_ATTACK = re.compile(rf"^# expect: {_PROMISE}", re.MULTILINE)
_ON_CUDA = re.compile(rf"^# cuda: {_PROMISE}", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One file, and the fields that its verdict line must have; several verdicts have ``|`` between."""

    path: Path
    expected: dict[str, str]


def shipped() -> list[Case]:
    """The shipped pairs: the good ones must pass, each broken one names what it must get."""
    good = [*sorted((EXAMPLES / "demo").glob("*.py")), *sorted(EXAMPLES.glob("*.py"))]
    cases = [Case(path, {"verdict": "pass"}) for path in good]
    for path in sorted((EXAMPLES / "broken").glob("*.py")):
        match = _SHIPPED.search(path.read_text(encoding="utf-8"))
        if match is None:
            raise ValueError(f"{path}: no line `# expect: verdict=…`")
        cases.append(Case(path, dict(part.split("=", 1) for part in match[1].split())))
    return cases


def attacks() -> list[Case]:
    """The attacks, each with the reason that its header promises, on CUDA where that is another one."""
    cases = []
    for path in sorted((CORPUS / "attacks").rglob("*.py")):
        head = path.read_text(encoding="utf-8").partition('"""')[0]
        match = _ON_CUDA.search(head) or _ATTACK.search(head)
        if match is None:
            raise ValueError(f"{path}: no line `# expect: VERDICT TYPE`")
        names = ("verdict", "type", "line")
        cases.append(
            Case(
                path,
                {name: part for name, part in zip(names, match.groups(), strict=True) if part is not None},
            )
        )
    return cases


def honest() -> list[Case]:
    """The honest pairs, which must be right, however fast they are."""
    return [Case(path, {"verdict": "|".join(RIGHT)}) for path in sorted((CORPUS / "honest").glob("*.py"))]


def default_binary() -> Path:
    """The binary to test: the one asked for, else the release build, else the debug build."""
    if named := os.environ.get("FUSEWRIGHT_BINARY"):
        return Path(named).resolve()
    builds = [ROOT / "target" / profile / "fusewright" for profile in ("release", "debug")]
    return next((path for path in builds if path.is_file()), builds[0])


def judge(binary: Path, cases: list[Case], device: str, jobs: int, limit_s: float | None) -> list[Line]:
    """The verdict lines of all files, ``jobs`` at once, within so many seconds.

    What was not judged by then becomes a line that says so.
    """
    paths = [str(case.path) for case in cases]
    # What torch.compile makes of a reference takes seconds for each, and decides nothing.
    how = ["--json", "--no-torch-compile", "--device", device, "--jobs", str(jobs)]
    command = [str(binary), "verify", *how, *paths]
    try:
        run = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=limit_s or LIMIT_S_PER_FILE * len(paths),
            cwd=ROOT,
            check=False,
        )
        text, log = run.stdout, run.stderr
    except subprocess.TimeoutExpired as late:
        text, log = (late.stdout or b"").decode(errors="replace"), "the run took too long"
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    missing = {"verdict": None, "reason": f"no verdict line: {log[-300:]}"}
    return [*lines, *[dict(missing) for _ in paths[len(lines) :]]]


def faults(case: Case, line: Line) -> list[str]:
    """How a verdict line differs from what the case expects."""
    error = line.get("error") or {}
    found = []
    for key, expected in case.expected.items():
        got = line.get(key) if key == "verdict" else error.get(key)
        if str(got) not in expected.split("|"):
            found.append(f"{key} is {got}, not {expected}")
    if line.get("verdict") in RIGHT and line.get("pending"):
        found.append(f"not final: {line['pending']} still to come")
    return found


def report(title: str, cases: list[Case], lines: list[Line], good: str) -> bool:
    """Prints how many got what they must, by reason, and each that did not; whether all did."""
    reasons: Counter[str] = Counter()
    wrong = []
    for case, line in zip(cases, lines, strict=True):
        differing = faults(case, line)
        if differing:
            wrong.append((case, line, differing))
        else:
            reasons[str((line.get("error") or {}).get("type") or line.get("verdict"))] += 1
    print(f"{title}: {len(cases) - len(wrong)}/{len(cases)} {good}")
    print("   " + ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()))
    for case, line, differing in wrong:
        print(f"   UNEXPECTED {case.path.relative_to(ROOT)}: {'; '.join(differing)}: {line.get('reason')}")
    return not wrong
