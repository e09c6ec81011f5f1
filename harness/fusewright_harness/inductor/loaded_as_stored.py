"""The operands of a matrix product as they were loaded, without what is done to them and undone again."""

from __future__ import annotations

import ast

from fusewright_harness.inductor.statements import Replace, is_call, loads, stores, target_of


def loaded_as_stored(body: list[ast.stmt], signature: dict[str, str]) -> list[ast.stmt]:
    """Without widening what was loaded and narrowing it again, and without zeroing what was loaded as zero."""
    read, given = loads(body), stores(body)
    value = {target_of(s): s.value for s in body if target_of(s) is not None and given[target_of(s)] == 1}
    names = {"fp16": "tl.float16", "bf16": "tl.bfloat16"}
    kept: list[ast.stmt] = []
    for statement in body:
        match statement:
            case ast.Assign(
                value=ast.Call(func=ast.Attribute(value=ast.Name(id=wide), attr="to"), args=[type_])
            ) if read[wide] == 1 and (load := _widened_load(value.get(wide))) is not None:
                if names.get(_element_type(load, signature)) == ast.unparse(type_):
                    statement.value = load
                    kept = [one for one in kept if target_of(one) != wide]
        match statement:
            case ast.Assign(
                value=ast.Call(
                    func=ast.Attribute(attr="where"), args=[ast.Name(id="r0_mask"), ast.Name(id=loaded), zero]
                )
            ) if ast.unparse(zero) in ("0", "0.0") and _is_zero_outside(value.get(loaded)):
                statement.value = ast.Name(loaded, ast.Load())
        if target_of(statement) is not None:
            value[target_of(statement)] = statement.value
        kept.append(statement)
    aliases = {
        target_of(s): s.value for s in kept if isinstance(s, ast.Assign) and isinstance(s.value, ast.Name)
    }
    aliases = {
        name: value for name, value in aliases.items() if given[name] == 1 and not name.startswith("_")
    }
    kept = [statement for statement in kept if target_of(statement) not in aliases]
    for _ in aliases:
        kept = [Replace(aliases).visit(statement) for statement in kept]
    return kept


def _widened_load(value: ast.expr | None) -> ast.Call | None:
    match value:
        case ast.Call(func=ast.Attribute(value=ast.Call() as load, attr="to"), args=[type_]) if (
            is_call(load, "tl.load") and ast.unparse(type_) == "tl.float32"
        ):
            return load
    return None


def _element_type(load: ast.Call, signature: dict[str, str]) -> str:
    pointers = [n.id for n in ast.walk(load.args[0]) if isinstance(n, ast.Name) and n.id in signature]
    types = [signature[name] for name in pointers if signature[name].startswith("*")]
    return types[0].removeprefix("*") if len(types) == 1 else ""


def _is_zero_outside(value: ast.expr | None) -> bool:
    if not is_call(value, "tl.load"):
        return False
    assert isinstance(value, ast.Call)  # It is a load.
    masked = any(isinstance(n, ast.Name) and n.id == "r0_mask" for n in ast.walk(value.args[1]))
    return masked and any(
        keyword.arg == "other" and ast.unparse(keyword.value) in ("0", "0.0") for keyword in value.keywords
    )
