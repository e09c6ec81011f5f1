"""Names for the values in a kernel, by what they are: loaded from where, computed by what."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from fusewright_harness.inductor.bounds import bounded
from fusewright_harness.inductor.indices import Indices
from fusewright_harness.inductor.names import Names
from fusewright_harness.inductor.statements import walk

_TEMPORARY = re.compile(r"_?tmp\d+(_\w+)?")
_INDEX = re.compile(r"([xyz]|r\d_)(\d+)")
_CALLED = {
    "tl.exp": "exponential",
    "tl.exp2": "exponential",
    "tl.log": "logarithm",
    "tl.sqrt": "root",
    "tl.rsqrt": "reciprocal_root",
    "tl.abs": "magnitude",
    "tl.sigmoid": "sigmoid",
    "tl.sum": "total",
    "tl.where": "selected",
    "tl.maximum": "raised",
    "tl.minimum": "capped",
    "tl.full": "filled",
    "tl.broadcast_to": "spread",
    "tl.dot": "product",
    "maximum_of": "largest",
    "minimum_of": "smallest",
    "product_of": "product",
    "any_of": "any_true",
    "larger": "raised",
    "smaller": "capped",
    "floor_divide": "quotient",
    "remainder": "remaining",
}
_SEVERAL = {
    "welford_step": ("next_mean", "next_squares", "next_count"),
    "welford_merge": ("merged_mean", "merged_squares", "merged_count"),
    "welford_of": ("final_mean", "final_squares", "final_count"),
}
"""What functions of several results give."""
_OPERATORS = {
    ast.Add: "added",
    ast.Sub: "difference",
    ast.Mult: "product",
    ast.Div: "quotient",
    ast.FloorDiv: "quotient",
    ast.Mod: "remaining",
    ast.BitAnd: "inside",
    ast.BitOr: "either_of",
    ast.BitXor: "mixed",
    ast.LShift: "shifted",
    ast.RShift: "shifted",
}


def name_values(
    body: list[ast.stmt],
    indices: Indices,
    element_of: Callable[[str], str | None],
    names: Names,
    renamed: dict[str, str],
) -> None:
    """Chooses names for everything that ``body`` gives a value to and enters them in ``renamed``.

    ``element_of`` tells what the elements behind a pointer parameter are called.
    """
    stored = _stored(body, element_of)
    bounds = _bounds(body, renamed)
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
                renamed.setdefault(node.target.id, node.target.id)
            if not isinstance(node, (ast.Assign, ast.AnnAssign)):
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            _name_several(targets[0], node.value, names, renamed)
            for target in (part for whole in targets for part in ast.walk(whole)):
                if isinstance(target, ast.Name) and target.id not in renamed:
                    name = bounds.get(target.id) or _name(
                        target.id, node.value, indices, element_of, stored, renamed
                    )
                    if name is not None:
                        renamed[target.id] = names.fresh(*name)


def _name_several(target: ast.expr, value: ast.expr | None, names: Names, renamed: dict[str, str]) -> None:
    match target, value:
        case ast.Tuple(elts=parts), ast.Call(func=ast.Name(id=function)) if function in _SEVERAL:
            for part, word in zip(parts, _SEVERAL[function], strict=False):
                if isinstance(part, ast.Name) and _TEMPORARY.fullmatch(part.id):
                    renamed.setdefault(part.id, names.fresh(word))
        case ast.Name(id=name), ast.Subscript(value=ast.Name(id=inner)) if _TEMPORARY.fullmatch(name):
            # The same values, along the other axis.
            word = renamed.get(inner, "")
            if word.startswith("final_"):
                renamed.setdefault(name, names.fresh(f"{word.removeprefix('final_')}_of_each"))


def _name(
    inductor: str,
    value: ast.expr,
    indices: Indices,
    element_of: Callable[[str], str | None],
    stored: dict[str, str],
    renamed: dict[str, str],
) -> list[str] | None:
    index = _INDEX.fullmatch(inductor)
    if index:
        return _index_name(index.group(1), value, indices, renamed)
    if not _TEMPORARY.fullmatch(inductor):
        return None
    place = bounded(value)
    if place is not None:
        return [f"{renamed.get(place, place).removeprefix('source_')}_inside"]
    if inductor in stored:
        return [stored[inductor], f"{stored[inductor]}_value"]
    if inductor.startswith("_"):
        return ["running", f"running_{_by_value(value, element_of)}"]
    for suffix, word in (
        ("_val", "best"),
        ("_idx", "place"),
        ("_mean", "mean"),
        ("_m2", "squares"),
        ("_weight", "count"),
        ("_accumulator", "accumulator"),
    ):
        if inductor.endswith(suffix):
            return [word]
    return [_by_value(value, element_of)]


def _by_value(value: ast.expr, element_of: Callable[[str], str | None]) -> str:
    match value:
        case ast.Call(func=ast.Attribute(attr="to"), args=[_]):
            return _by_value(value.func.value, element_of)
        case ast.Subscript(value=inner):
            return _by_value(inner, element_of)
        case ast.Compare(ops=[ast.Lt() | ast.GtE()]):
            return "inside" if _is_bound(value) else "condition"
        case ast.Compare():
            return "condition"
        case ast.UnaryOp(op=ast.USub()):
            return "negated"
        case ast.UnaryOp():
            return "inverted"
        case ast.BinOp(left=left, right=right, op=ast.Mult()) if ast.unparse(left) == ast.unparse(right):
            return "square"
        case (
            ast.BinOp(op=ast.BitAnd(), right=ast.Constant()) | ast.BinOp(op=ast.BitAnd(), left=ast.Constant())
        ):
            return "bits"
        case ast.BinOp(op=op):
            return _OPERATORS.get(type(op), "value")
        case ast.Call(func=function, args=args):
            name = ast.unparse(function)
            if name == "tl.load":
                pointers = [node.id for node in ast.walk(args[0]) if isinstance(node, ast.Name)]
                found = [element for element in map(element_of, pointers) if element]
                return found[0] if found else "value"
            last = name.rsplit(".", 1)[-1]
            return _CALLED.get(name, last if name.startswith(("libdevice.", "tl.math.")) else "value")
    return "value"


def _is_bound(comparison: ast.Compare) -> bool:
    """Whether a place is compared with a size or with nothing."""
    other = comparison.comparators[0]
    return isinstance(other, ast.Name) or ast.unparse(other) == "0"


def _stored(body: list[ast.stmt], element_of: Callable[[str], str | None]) -> dict[str, str]:
    """Names that are stored as they are, and what they are stored to."""
    found: dict[str, str] = {}
    for statement in body:
        for node in ast.walk(statement):
            match node:
                case ast.Call(func=ast.Attribute(attr="store"), args=[where, ast.Name(id=name), *_]):
                    pointers = [n.id for n in ast.walk(where) if isinstance(n, ast.Name)]
                    elements = [element for element in map(element_of, pointers) if element]
                    if elements:
                        found.setdefault(name, elements[0])
    return found


def _bounds(body: list[ast.stmt], renamed: dict[str, str]) -> dict[str, list[str]]:
    """Names of places that are held against a size of what is read, such as ``source_row`` for ``n_rows``."""
    values = {
        n.targets[0].id: n.value
        for n in walk(body)
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)
    }
    found: dict[str, list[str]] = {}
    for node in walk(body):
        match node:
            case ast.Compare(left=ast.Name(id=name), ops=[ast.Lt()], comparators=[size]) if (
                _TEMPORARY.fullmatch(name) and _is_sum(values.get(name))
            ):
                sizes = [renamed.get(n.id, "") for n in ast.walk(size) if isinstance(n, ast.Name)]
                if len(sizes) == 1 and sizes[0].startswith(("n_", "output_")):
                    word = sizes[0].removeprefix("n_").removeprefix("output_")
                    found[name] = [f"source_{word.removesuffix('s')}"]
    return found


def _is_sum(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "to":
        value = value.func.value
    return isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.Sub, ast.Mult))


def _index_name(prefix: str, value: ast.expr, indices: Indices, renamed: dict[str, str]) -> list[str]:
    singular = indices.words.get(prefix.upper(), ("offsets", "offset"))[1]
    size = None
    match value:
        case ast.BinOp(op=ast.Mod(), right=ast.Name(id=name)):
            size = renamed.get(name, name)
        case ast.BinOp(op=ast.FloorDiv(), right=ast.Name(id=name)):
            over = renamed.get(name, name)
            if over.endswith(("plane_size", "image_size")):
                return [over.removesuffix("_size").removeprefix("wide_"), "outer"]
            return ["row", "outer"] if over == "n_columns" else ["outer"]
        case ast.BinOp(op=ast.FloorDiv()):
            return ["outer"]
    if size is not None and size.endswith(("plane_size", "image_size")):
        return [f"place_in_{size.removesuffix('_size').removeprefix('wide_')}"]
    if size is not None:
        word = size.removeprefix("n_").removeprefix("wide_")
        word = {"batches": "batch"}.get(word, word.removesuffix("s"))
        if word and word != size:
            return [word, f"{word}_index"]
        return [f"{size}_index"]
    return [f"inner_{singular}", f"{singular}_index"]
