"""Reading the attack files: what a file's header promises, and its blocks as the harness wants them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HEADER = re.compile(r"# (attack|why|expect|cuda|finds|alone|says|needs): (.+)")
_BLOCK = re.compile(r"^# <(PYTHON|TRITON|TEST)>\n(.*?)^# </\1>$", re.MULTILINE | re.DOTALL)
_REFERENCE = re.compile(r"^(?:def|class) (\w+_pytorch|Model)\b", re.MULTILINE)
_CANDIDATE = re.compile(
    r"^(?:def (\w+_triton_wrapper)\b|(\w+_triton_wrapper) = |class (ModelNew)\b)", re.MULTILINE
)


@dataclass(frozen=True)
class Promise:
    """What a judge says of an attack: the verdict, the error's type where there is one, and its line."""

    verdict: str
    type: str | None
    line: int | None

    @staticmethod
    def of(text: str) -> Promise:
        """Reads ``rejected NoLaunch line 12``. Raises ValueError where it is something else."""
        match = re.fullmatch(r"(wrong|rejected|error)(?: ([A-Z]\w+))?(?: line (\d+))?", text)
        if match is None:
            raise ValueError(f"not a promise: {text!r}")
        verdict, kind, line = match.groups()
        return Promise(verdict, kind, int(line) if line else None)


@dataclass(frozen=True)
class Attack:
    """One attack file.

    ``group`` and ``spelling`` are the parts of its ``attack`` line. ``expect`` is the verdict of the whole
    product, ``finds`` a rule that must speak too where another one comes first in the text, ``alone`` the
    harness's verdict without the rules (None where only rules can tell, or only a GPU), ``says`` a part of
    the reason, ``needs`` what the machine must have for the harness alone to tell. A ``cuda`` line says what
    a GPU finds instead of ``expect``; `make gpu-test` reads it.
    """

    path: Path
    group: str
    spelling: str
    why: str
    expect: Promise
    finds: Promise | None
    alone: Promise | None
    says: str | None
    needs: str | None
    pair: dict[str, Any]


def read_attack(path: Path) -> Attack:
    """Reads one file. Raises ValueError where its header or its blocks are not as they must be."""
    text = path.read_text(encoding="utf-8")
    head, _, _ = text.partition('"""')
    header = dict(_HEADER.fullmatch(line).groups() for line in head.splitlines())  # type: ignore[union-attr]
    group, _, spelling = header["attack"].partition(": ")
    alone = header.get("alone")
    return Attack(
        path,
        group,
        spelling,
        header["why"],
        Promise.of(header["expect"]),
        Promise.of("rejected " + header["finds"]) if "finds" in header else None,
        None if alone in (None, "static") else Promise.of(alone),
        header.get("says"),
        header.get("needs"),
        _pair(path, text),
    )


def _pair(path: Path, text: str) -> dict[str, Any]:
    blocks = {
        match[1].lower(): {"code": match[2], "first_line": text.count("\n", 0, match.start(2)) + 1}
        for match in _BLOCK.finditer(text)
    }
    reference = _REFERENCE.search(blocks["python"]["code"])
    candidate = _CANDIDATE.search(blocks["triton"]["code"])
    if reference is None or candidate is None:
        raise ValueError(f"{path}: no entry points")
    modules = reference[1] == "Model"
    return {
        "file": path.name,
        "hash": "0" * 64,
        **blocks,
        "main": None,
        "entry": {
            "convention": "modules" if modules else "functions",
            "reference": reference[1],
            "candidate": candidate[1] or candidate[2] or candidate[3],
        },
        "inputs": "get_inputs" if modules else "get_test_inputs",
    }
