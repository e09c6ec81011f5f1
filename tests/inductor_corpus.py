"""What TorchInductor writes for the honest pairs and for the drafts, from their PYTHON and TEST blocks alone.

``python tests/inductor_corpus.py [honest|drafts] [NAME…]`` prints a table: what came of each, and the share
of those of its families that pass. Triton's interpreter judges, so that takes minutes.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "harness" / "tests"))

from harness_client import Harness  # noqa: E402

FAMILIES = (
    *(
        "elementwise",
        "reduction",
        "normalisation",
        "softmax",
        "log-softmax",
        "matmul",
        "convolution",
        "pooling",
    ),
    *("gated unit", "optional argument", "cross-entropy", "loss", "RoPE", "quantisation", "dequantisation"),
)
"""Kinds for which it is there: chains, reductions, norms, softmax, products, convolution, pooling."""
BEYOND = (
    *("in place", "nn.Module", "backward", "autograd.Function", "atomics", "scan", "random numbers by seed"),
    *("attention", "mixture of experts", "fp8", "float8", "block-scaled", "list of tensors", "host glue"),
    *("views of bits", "custom operator", "segments", "dynamic work queue", "sparse", "several launches"),
)
"""Kinds that make a pair one of something else, whatever its other kinds are."""
_MARKER = re.compile(r"^# <(/?)(PYTHON|TRITON|TEST)>[ \t]*$", re.M)


@dataclass
class Subject:
    """A pair as the harness takes it, whose TRITON block is to be written."""

    name: str
    kinds: set[str]
    pair: dict[str, Any]

    @property
    def counts(self) -> bool:
        """Whether it belongs to the families."""
        return bool(self.kinds & set(FAMILIES)) and not self.kinds & set(BEYOND)


@dataclass
class Outcome:
    """What came of one: the verdict, or the sentence that says why there is no kernel."""

    subject: Subject
    verdict: str
    why: str = ""
    launches: int = 0
    written_s: float = 0.0
    judged_s: float = 0.0
    code: str = ""
    line: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the kernel was found right in every check; no time is taken without a GPU."""
        return self.verdict == "untimed" and self.line.get("pending") == []


def honest(names: Iterable[str] = ()) -> Iterator[Subject]:
    """The honest pairs, with their own TRITON blocks taken out."""
    wanted = set(names)
    for path in sorted((ROOT / "tests" / "corpus" / "honest").glob("*.py")):
        if not wanted or path.stem in wanted:
            yield _subject(path)


def drafts(names: Iterable[str] = ()) -> Iterator[Subject]:
    """What is drafted for the shipped ideas and operations, an eighth as large, for the interpreter."""
    wanted = set(names)
    for line in (ROOT / "tests" / "drafts.jsonl").read_text().splitlines():
        draft = json.loads(line)
        if wanted and draft["line"] not in wanted:
            continue
        blocks = {"python": draft["python"], "test": smaller(draft["test"]), "main": None}
        reference = draft["reference"]
        candidate = reference.removesuffix("_torch") + "_triton"
        yield Subject(draft["line"], {"elementwise"}, _pair("draft.py", blocks, reference, candidate))


def smaller(test: str) -> str:
    """The inputs with an eighth of every size from 200 up."""
    return re.sub(r"(?<![\w.-])(?:[2-9]\d\d|\d{4})(?![\w.])", lambda found: str(-(-int(found[0]) // 8)), test)


def outcome(harness: Harness, subject: Subject, timeout_s: float = 120) -> Outcome:
    """Has the kernel written, and judges it."""
    started = time.monotonic()
    reply = harness.result(
        harness.send("inductor", pair={**subject.pair, "triton": None}, options={"timeout_s": timeout_s}), 600
    )
    written_s = time.monotonic() - started
    if reply["event"] != "written" or reply["kernel"] is None:
        error = reply.get("error") or reply
        kind = str(error.get("operator") or error.get("type") or "failed")
        return Outcome(subject, f"none: {kind}", str(error["message"]), written_s=written_s)
    kernel = reply["kernel"]
    code = kernel["triton"]
    first = max(block["first_line"] for block in (subject.pair["python"], subject.pair["test"]))
    pair = {**subject.pair, "triton": {"code": code, "first_line": first + 1000}}
    started = time.monotonic()
    line = harness.verdict(pair, device="interpreter", timeout_s=timeout_s)
    verdict, why = str(line["verdict"]), str(line.get("reason"))
    return Outcome(
        subject, verdict, why, kernel["launches"], written_s, time.monotonic() - started, code, line
    )


def _subject(path: Path) -> Subject:
    text = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    kinds = {kind.strip() for kind in text.split("\n", 1)[0].removeprefix("# kinds:").split(",")}
    blocks = _blocks(text)
    reference, candidate = _entry(blocks)
    return Subject(path.stem, kinds, _pair(path.name, blocks, reference, candidate))


def _blocks(text: str) -> dict[str, str | None]:
    markers = list(_MARKER.finditer(text))
    blocks: dict[str, str | None] = {"main": None}
    for number, marker in enumerate(markers):
        if marker[1]:
            continue
        end = markers[number + 1].start() if number + 1 < len(markers) else len(text)
        blocks[marker[2].lower()] = text[marker.end() + 1 : end]
    rest = blocks["test"] or ""
    if markers[-1][1]:
        blocks["main"] = text[markers[-1].end() :]
    elif "\nif __name__" in rest:
        at = rest.index("\nif __name__") + 1
        blocks["test"], blocks["main"] = rest[:at], rest[at:]
    return blocks


def _entry(blocks: dict[str, str | None]) -> tuple[str, str]:
    """The two functions, by their names where those are a pair, else the last of each block."""
    references, candidates = _functions(blocks["python"]), _functions(blocks["triton"])
    for reference in reversed(references):
        base = re.sub(r"_(py)?torch$", "", reference)
        for candidate in reversed(candidates):
            if re.sub(r"_triton(_wrapper)?$", "", candidate) == base:
                return reference, candidate
    return references[-1], candidates[-1]


def _functions(code: str | None) -> list[str]:
    statements = ast.parse(code or "").body
    return [
        statement.name
        for statement in statements
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef))
        and not any("jit" in ast.unparse(decorator) for decorator in statement.decorator_list)
    ]


def _pair(file: str, blocks: dict[str, str | None], reference: str, candidate: str) -> dict[str, Any]:
    line, parts = 1, {}
    for name in ("python", "test", "main"):
        code = blocks.get(name)
        parts[name] = {"code": code, "first_line": line + 1} if code and code.strip() else None
        line += (code or "").count("\n") + 2
    modules = reference == "Model"
    inputs = "get_inputs" if modules else "get_test_inputs"
    if f"def {inputs}" not in (blocks["test"] or ""):
        inputs = "main"
    return {
        "file": file,
        "hash": "0" * 64,
        **parts,
        "entry": {
            "convention": "modules" if modules else "functions",
            "reference": reference,
            "candidate": candidate,
        },
        "inputs": inputs,
    }


def _table(outcomes: list[Outcome]) -> str:
    rows = [
        f"| {one.subject.name} | {'yes' if one.subject.counts else 'no'} | {one.verdict} "
        f"| {one.launches or ''} | {one.written_s:.1f} | {one.judged_s:.1f} "
        f"| {one.why.splitlines()[0][:140] if one.why else ''} |"
        for one in outcomes
    ]
    counted = [one for one in outcomes if one.subject.counts]
    passed = sum(one.passed for one in counted)
    head = [
        "| pair | family | verdict | launches | written s | judged s | why |",
        "|---|---|---|---|---|---|---|",
    ]
    share = f"{passed} of {len(counted)} of the families pass"
    return "\n".join([*head, *rows, "", share])


def main(arguments: list[str]) -> None:
    """Prints the table; ``--code`` prints what was written as well."""
    code = "--code" in arguments
    words = [word for word in arguments if word != "--code"]
    source = drafts if words[:1] == ["drafts"] else honest
    names = words[1:] if words[:1] in (["drafts"], ["honest"]) else words
    outcomes = []
    with Harness() as harness:
        for subject in source(names):
            one = outcome(harness, subject)
            outcomes.append(one)
            if code:
                print(one.code)
            print(f"{subject.name}: {one.verdict}: {one.why[:300]}", file=sys.stderr, flush=True)
    print(_table(outcomes))


if __name__ == "__main__":
    main(sys.argv[1:])
