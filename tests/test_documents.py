"""What `docs/verification.md` says of a rejected pair's reasons, held against the harness that gives them."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = re.compile(r"[A-Z][A-Za-z0-9]+")


def reasons_given() -> set[str]:
    """The names that the harness can put into `error.type` of a verdict "rejected"."""
    found: set[str] = set()
    for path in (ROOT / "harness/fusewright_harness").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                found |= reasons_of_call(node)
            elif isinstance(node, ast.Tuple) and path.name == "intact.py":
                # The deeds that its table names, each with the words for it.
                texts = [part.value for part in node.elts if isinstance(part, ast.Constant)]
                if len(texts) == len(node.elts) == 2 and str(texts[1])[:1].islower():
                    found.add(str(texts[0]))
    return {name for name in found if NAME.fullmatch(name)}


def reasons_of_call(call: ast.Call) -> set[str]:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [argument.value if isinstance(argument, ast.Constant) else None for argument in call.args]
    if function in ("rejected", "Deed") and texts and isinstance(texts[0], str):
        return {texts[0]}
    trust = "trust" in texts or any(
        keyword.arg == "verdict" and isinstance(keyword.value, ast.Constant) and keyword.value.value
        for keyword in call.keywords
    )
    if function in ("Fault", "Refusal") and trust:
        name = texts[2] if function == "Fault" and len(texts) > 2 else texts[0]
        return {name} if isinstance(name, str) else set()
    return set()


def reasons_documented() -> set[str]:
    page = (ROOT / "docs/verification.md").read_text()
    return set(re.findall(r"^\| `([A-Z]\w+)` \|", page, re.M))


def test_each_reason_is_documented_and_each_documented_reason_is_given() -> None:
    given = reasons_given()
    assert len(given) > 20, "the reasons could not be read from the harness"
    assert reasons_documented() == given
