"""One name for a value where Inductor has several."""

from __future__ import annotations

import ast
from collections import Counter

from fusewright_harness.inductor.statements import loads, remove_dead, replace, stores, target_of, walk


def propagate_aliases(statements: list[ast.stmt]) -> None:
    """Calls a value by one name where Inductor has two."""
    while True:
        given: dict[str, set[str | None]] = {}
        for node in walk(statements):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=source)):
                    given.setdefault(name, set()).add(source)
                case ast.Name(id=name, ctx=ast.Store()):
                    given.setdefault(name, set())
        counts = stores(statements)
        assignments = Counter(
            target_of(n)
            for n in walk(statements)
            if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name)
        )
        values: dict[str, ast.expr] = {}
        for name, sources in given.items():
            source = next(iter(sources), None)
            alone = len(sources) == 1 and assignments[name] == counts[name] and source not in values
            # A name that changes may be read later, after it has changed; within a loop both change together.
            if alone and source is not None and counts[source] <= max(1, counts[name]):
                values = {name: ast.Name(source, ast.Load())}
                break
        if not values:
            return
        replace(statements, values)
        remove_dead(statements)


def settle_aliases(statements: list[ast.stmt]) -> None:
    """Reads a sum by its own name once it is complete."""
    counts = stores(statements)
    place = 0
    while place < len(statements):
        match statements[place]:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=source)) if (
                counts[name] == 1 and not stores(statements[place + 1 :])[source]
            ):
                replace(statements[place + 1 :], {name: ast.Name(source, ast.Load())})
                del statements[place]
                continue
        place += 1


def join_steps(block: list[ast.stmt]) -> None:
    """Gives a running value its next one at once, where another name was between."""
    while _join_one_step(block):
        pass


def _join_one_step(block: list[ast.stmt]) -> bool:
    read, given = loads(block), stores(block)
    for place, statement in enumerate(block):
        match statement:
            case ast.Assign(targets=[ast.Name(id=running)], value=ast.Name(id=step)) if (
                read[step] == 1 and given[step] == 1
            ):
                before = next((n for n, s in enumerate(block[:place]) if target_of(s) == step), None)
                between = block[before + 1 : place] if before is not None else []
                if before is None or loads(between)[running] or stores(between)[running]:
                    continue
                block[before].targets[0].id = running
                del block[place]
                return True
    return False
