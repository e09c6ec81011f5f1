"""What `docs/verification.md` says of the reasons in a verdict, held against the code that gives them."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HARNESS = ROOT / "harness/fusewright_harness"
sys.path.insert(0, str(ROOT / "harness"))
from fusewright_harness.variant_outcome import name_of  # noqa: E402

NAME = re.compile(r"[A-Z][A-Za-z0-9]+")

LISTS_OF_VARIANTS = ("variants.py", "reference_variants.py", "options.py", "many_rows.py")
# Listed by a variable: tensors of whole numbers are looked at in four ways.
OF_INDICES = {"bits", "range", "repeated", "lengths"}

# They stand in the answers of TorchInductor's author, and not in a verdict line.
NOT_OF_A_VERDICT = {"TorchNotCovered", "Unsupported"}


@cache
def nodes(name: str = "") -> list[ast.AST]:
    """The syntax of the harness, or of its files of that name."""
    files = HARNESS.rglob(name or "*.py")
    return [node for path in files for node in ast.walk(ast.parse(path.read_text()))]


def constant(node: ast.AST | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def calls(*names: str) -> Iterator[tuple[list[object], dict[str, object]]]:
    """The arguments of each call of functions of those names: what is constant, None for the rest."""
    for node in nodes():
        if isinstance(node, ast.Call):
            function = (
                node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            )
            if function in names:
                named = {part.arg: constant(part.value) for part in node.keywords if part.arg}
                yield [constant(part) for part in node.args], named


def deeds() -> Iterator[object]:
    """The names of what a pair's code may not do, each of which stands with the words for it."""
    for node in (*nodes("deeds.py"), *nodes("intact.py")):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            name, words = map(constant, node.elts)
            if isinstance(words, str) and words[:1].islower():
                yield name


def only_names(found: set[object]) -> set[str]:
    return {name for name in found if isinstance(name, str) and NAME.fullmatch(name)} - NOT_OF_A_VERDICT


def refused() -> set[str]:
    """The names of `error.type` of a verdict "rejected", and of what is "wrong" by more than its values."""
    found: set[object] = {given[0] for given, _ in calls("rejected", "Deed") if given}
    found |= {given[2] for given, _ in calls("_noting") if len(given) > 2}
    found |= {given[2] for given, named in calls("Fault") if given[1] == "trust" or named.get("verdict")}
    found |= {given[0] for given, _ in calls("Refusal") if "trust" in given}
    return only_names(found | set(deeds()))


def failed() -> set[str]:
    """The names of `error.type` of a verdict "error"."""
    found: set[object] = {given[0] for given, _ in calls("Refusal") if "trust" not in given}
    for given, named in calls("Fault"):
        if given[0] != "harness" and given[1] != "trust" and not named.get("verdict"):
            found.add(given[2])
    return only_names(found) - refused()


def unjudged() -> set[str]:
    """The names of `error.type` where nobody could judge."""
    found: set[object] = {given[1] for given, _ in calls("harness_fault") if len(given) > 1}
    # Named by default.
    found.add("HarnessError")
    found |= {given[2] for given, named in calls("Fault") if given[0] == "harness" and "verdict" in named}
    engine = ROOT / "server/engine/src"
    for path in (engine / "verify/mod.rs", engine / "verify/pair.rs", engine / "harness/error.rs"):
        code = path.read_text().split("#[cfg(test)]")[0]
        found |= set(re.findall(r'(?:unjudged\(|kind: |=> )"([A-Z]\w+)"', code))
    return only_names(found) - {"SyntaxError"}


def found_beside() -> set[str]:
    """The codes of findings that are no rules'."""
    found: set[object] = {given[0] for given, _ in calls("warn", "find", "find_once") if given}
    for node in nodes():
        if isinstance(node, ast.Dict):
            keys = [constant(key) for key in node.keys]
            found |= {constant(value) for key, value in zip(keys, node.values, strict=True) if key == "code"}
        if isinstance(node, ast.IfExp) and str(constant(node.body)).endswith("Refused"):
            found |= {constant(node.body), constant(node.orelse)}
    return {name for name in only_names(found) if not re.fullmatch(r"FW\d+", name)}


def documented(heading: str, nth: int = 0) -> set[str]:
    """The names in the first column of a section's table."""
    page = (ROOT / "docs/verification.md").read_text()
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = re.findall(r"(?:^\|.*\n)+", section, re.M)[nth]
    return {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_each_reason_of_a_refusal_is_documented_and_each_documented_one_is_given() -> None:
    assert len(refused()) > 20, "the reasons could not be read from the harness"
    assert documented("Why a pair is rejected") == refused()


def test_each_error_is_documented_and_each_documented_one_is_given() -> None:
    assert len(failed()) > 5, "the errors could not be read from the harness"
    assert documented("Why there is an error, or no verdict") == failed()


def test_each_reason_for_no_verdict_is_documented_and_each_documented_one_is_given() -> None:
    assert len(unjudged()) > 10, "the reasons could not be read from the harness and the engine"
    assert documented("Why there is an error, or no verdict", 1) == unjudged()


def test_each_finding_is_documented_and_each_documented_one_is_given() -> None:
    assert len(found_beside()) > 8, "the findings could not be read from the harness"
    assert documented("Findings beside a verdict") == found_beside()


def kinds_of_variants() -> set[str]:
    """The kinds of variants that the harness lists, from the dictionaries that describe them."""
    found: set[object] = set()
    for node in (node for name in LISTS_OF_VARIANTS for node in nodes(name)):
        if isinstance(node, ast.Dict):
            given = zip(node.keys, node.values, strict=True)
            for value in (value for key, value in given if constant(key) == "kind"):
                parts = (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)
                found |= {constant(part) for part in parts}
    return {kind for kind in found if isinstance(kind, str)} | OF_INDICES


def names_of_variants(kind: str) -> set[str]:
    """What the finding calls variants of that kind, "…" in the place of what differs from pair to pair."""
    some = {"kind": kind, "from": "…", "to": "…", "was": "…", "code": "…", "small": False, "base": {}}
    others = [{"by": 50, "place": 0}, {"by": -1, "place": 0.5}, {"part": True}, {"from": 0}]
    others.append({"from": 0, "base": {"512": 61}})
    return {name_of({**some, "by": 50, **other}) for other in others}


def test_each_variant_of_the_audit_is_documented_and_each_documented_one_is_tried() -> None:
    kinds = kinds_of_variants()
    assert len(kinds) > 25, "the kinds could not be read from the harness"
    page = (ROOT / "docs/verification.md").read_text()
    section = page.split("\n## What the audit tries\n")[1].split("\n## ")[0]
    told = {
        name for row in re.findall(r"^\| (\".+?) \|", section, re.M) for name in re.findall(r'"(.+?)"', row)
    }
    # Rows and columns have no size of 0.
    tried = {name for kind in kinds for name in names_of_variants(kind) if "(0" not in name}
    assert told == tried


def test_each_code_of_a_verdict_in_the_editor_is_documented() -> None:
    codes: set[str] = set()
    for path in [*(ROOT / "server/fusewright/src/lsp/diagnostics").glob("*.rs"), HARNESS / "check.py"]:
        codes |= set(re.findall(r'"(FW5\d\d)"', path.read_text()))
    page = (ROOT / "docs/verification.md").read_text()
    assert set(re.findall(r"^\| (FW5\d\d) \|", page, re.M)) == codes


def places_of_the_code_map() -> Iterator[tuple[str, str]]:
    """The folder and the name of each place in ARCHITECTURE.md's code map: its first column."""
    page = (ROOT / "ARCHITECTURE.md").read_text()
    folder = ""
    for line in page.split("## Where things are")[1].split("\n## ")[0].splitlines():
        # A folder, or names in it; what is said of them stands two blanks behind, or on the next line.
        found = re.match(r"( {4}| {6})(\S.*?)(?: {2,}.*)?$", line)
        if found is None or line.startswith(" " * 8):
            continue
        names = found[2].removeprefix("src/").split(", ")
        if found[1] == " " * 4:
            folder = names[0].rstrip("/")
            yield "", folder
            continue
        for name in names:
            yield folder, name.rstrip("/")


def test_each_place_of_the_code_map_is_there() -> None:
    places = list(places_of_the_code_map())
    assert len(places) > 80, "the map could not be read"
    lost = [
        f"{folder}/{name}"
        for folder, name in places
        if not any(
            (ROOT / folder / below / f"{name}{ending}").exists()
            for below in ("", "src")
            for ending in ("", ".rs", ".py")
        )
    ]
    assert lost == []
