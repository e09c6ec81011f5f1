"""Matrix product kernels in two dimensions.

TorchInductor writes them over blocks of three or four dimensions (batch, row, column, summed index) and reshapes what
it loaded for ``tl.dot``. Triton's compiler pipelines loads that go into a product as they are, and a person would write
nothing else: rows down, columns across, the summed index across in the left operand and down in the right one, one
batch to a program, programs in an order that finds rows and columns in the L2 cache.
"""

from __future__ import annotations

import ast
import dataclasses

from fusewright_harness.inductor.flatten import SUMMED, Flatten, OtherForm
from fusewright_harness.inductor.loaded_as_stored import loaded_as_stored
from fusewright_harness.inductor.program import Kernel
from fusewright_harness.inductor.statements import Replace, is_call, loads, stores, target_of
from fusewright_harness.inductor.unsupported import Unsupported

KIND = "product"
"""What :attr:`Kernel.kind` is called for these."""

_GROUP = 8
"""Blocks of rows whose programs follow one another."""
_TILES = f"""
row_blocks = tl.cdiv(ynumel, YBLOCK)
column_blocks = tl.cdiv(xnumel, XBLOCK)
row_block, column_block = tl.swizzle2d(
    tl.program_id(0) // column_blocks, tl.program_id(0) % column_blocks, row_blocks, column_blocks, {_GROUP}
)
yindex = row_block * YBLOCK + tl.arange(0, YBLOCK)[:, None]
ymask = yindex < ynumel
xindex = column_block * XBLOCK + tl.arange(0, XBLOCK)[None, :]
xmask = xindex < xnumel
"""
_HEADER = {"yoffset", "yindex", "ymask", "xoffset", "xindex", "xmask", "zoffset", "zindex", "zmask"}
_HEADER |= {"r0_base", "rbase", "rnumel", "RBLOCK"}


def is_product(kernel: Kernel) -> bool:
    """Whether a kernel multiplies matrices."""
    return any(is_call(node, "tl.dot") for node in ast.walk(kernel.function))


def in_two_dimensions(kernel: Kernel) -> Kernel:
    """``kernel`` over rows and columns; one that is no product stays as it is.

    Raises:
        Unsupported: a product is written in a way that is not known here.

    """
    if not is_product(kernel):
        return kernel
    try:
        return _Product(kernel).rewritten()
    except OtherForm as error:
        raise Unsupported(
            "matmul",
            "TorchInductor fuses the matrix product (matmul) with what feeds it in a way that is not made standalone: "
            "compute its operands beforehand, or write this pair's kernel with a model",
        ) from error


class _Product:
    def __init__(self, kernel: Kernel) -> None:
        if list(kernel.size_hints) not in (["y", "x", "r0_"], ["z", "y", "x", "r0_"]):
            raise OtherForm
        self._kernel = kernel
        self._batched = "z" in kernel.size_hints
        # A copy, since a kernel that turns out to have another form stays what it was.
        self._body = ast.parse(ast.unparse(ast.Module(kernel.function.body, []))).body
        self._rank = len(kernel.size_hints)

    def rewritten(self) -> Kernel:
        before, loop, after = self._parts()
        kept = [statement for statement in before if target_of(statement) not in _HEADER]
        inner = [
            statement for statement in loop.body if target_of(statement) not in (*SUMMED, "roffset", "rindex")
        ]
        inner = self._accumulated(inner)
        inner = loaded_as_stored(inner, self._kernel.signature)
        inner = self._operands(inner)
        head = ast.parse(_TILES).body
        if self._batched:
            head += ast.parse("zindex = tl.program_id(1)").body
        steps = ast.parse("r0_index = r0_offset + tl.arange(0, R0_BLOCK)\nr0_mask = r0_index < r0_numel").body
        loop.body = steps + inner
        kept = self._flattened(kept, "out")
        after = self._flattened(after, "out")
        kept, after = self._with_accumulators(kept, loop, after)
        function = ast.parse(ast.unparse(self._kernel.function)).body[0]
        assert isinstance(function, ast.FunctionDef)  # It was parsed from one.
        function.body = [*head, *kept, loop, *after]
        signature = {name: type_ for name, type_ in self._kernel.signature.items() if name != "ZBLOCK"}
        function.args.args = [argument for argument in function.args.args if argument.arg in signature]
        ast.fix_missing_locations(function)
        return dataclasses.replace(self._kernel, kind=KIND, function=function, signature=signature)

    def _parts(self) -> tuple[list[ast.stmt], ast.For, list[ast.stmt]]:
        loops = [place for place, statement in enumerate(self._body) if isinstance(statement, ast.For)]
        if len(loops) != 1:
            raise OtherForm
        loop = self._body[loops[0]]
        assert isinstance(loop, ast.For)  # The filter above says so.
        if ast.unparse(loop.target) != "r0_offset" or any(isinstance(s, ast.For) for s in loop.body):
            raise OtherForm
        return self._body[: loops[0]], loop, self._body[loops[0] + 1 :]

    def _accumulated(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The product added to its sum by ``tl.dot`` itself."""
        products = {target_of(s): s.value for s in body if is_call(getattr(s, "value", None), "tl.dot")}
        spread = {
            target_of(s): s.value.args[0].id
            for s in body
            if is_call(getattr(s, "value", None), "tl.broadcast_to")
            and isinstance(s.value.args[0], ast.Name)
            and s.value.args[0].id in products
        }
        sums: dict[str, tuple[str, str]] = {}
        kept = []
        done = set()
        for statement in body:
            name = target_of(statement)
            match statement:
                case ast.Assign(
                    value=ast.BinOp(left=ast.Name(id=total), op=ast.Add(), right=ast.Name(id=term))
                ) if spread.get(term, term) in products and total.startswith("_"):
                    sums[name] = (total, spread.get(term, term))
                    continue
                case ast.Assign(value=ast.Name(id=added)) if added in sums and sums[added][0] == name:
                    total, product = sums[added]
                    call = products[product]
                    call.args.append(ast.Name(total, ast.Load()))
                    kept.append(ast.Assign([ast.Name(total, ast.Store())], call))
                    done.add(product)
                    continue
            if name not in products and name not in spread:
                kept.append(statement)
        if not products or done != set(products):
            raise OtherForm
        return kept

    def _with_accumulators(
        self, before: list[ast.stmt], loop: ast.For, after: list[ast.stmt]
    ) -> tuple[list[ast.stmt], list[ast.stmt]]:
        """Each sum under one name, in the loop and behind it."""
        sums = {name for name in stores(loop.body) if name.startswith("_")}
        one_name = {name: ast.Name(f"{name[1:]}_accumulator", ast.Load()) for name in sums}
        aliases = {}
        rest = []
        for statement in after:
            match statement:
                case ast.Assign(value=ast.Name(id=name)) if name in sums:
                    aliases[target_of(statement)] = one_name[name]
                case _:
                    rest.append(statement)
        for statement in (*before, *loop.body):
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and node.id in sums:
                    node.id = one_name[node.id].id
        return before, [Replace({**one_name, **aliases}).visit(statement) for statement in rest]

    def _operands(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Each operand's statements in its own two dimensions."""
        of = {target_of(statement): statement for statement in body if target_of(statement) is not None}
        calls = [
            statement.value for statement in body if is_call(getattr(statement, "value", None), "tl.dot")
        ]
        left = _reached([call.args[0] for call in calls], of)
        right = _reached([call.args[1] for call in calls], of)
        summed = _depending(body, {*SUMMED, "r0_2", "r0_3"})
        both = {name for name in left & right if name in summed}
        renamed = {name: ast.Name(_twin(name), ast.Load()) for name in both}
        result: list[ast.stmt] = []
        for statement in body:
            name = target_of(statement)
            if is_call(getattr(statement, "value", None), "tl.dot"):
                result.append(statement)
                continue
            if name is None or name not in left | right:
                raise OtherForm
            if name in right:
                copy = _copy(statement)
                if name in both:
                    copy.targets[0].id = _twin(name)
                copy = Replace(renamed).visit(copy)
                copies = self._flattened([copy], "right")
            else:
                copies = []
            if name in left:
                result += self._flattened([statement], "left")
            result += copies
        return result

    def _flattened(self, statements: list[ast.stmt], side: str) -> list[ast.stmt]:
        flatten = Flatten(self._rank, side, self._batched)
        return [flatten.visit(statement) for statement in statements]


def _twin(name: str) -> str:
    """What the right operand's copy of a value is called: like the temporaries that names are found for later."""
    return f"{name}_b" if name.startswith("tmp") else f"tmp0_{name}_b"


def _reached(roots: list[ast.expr], of: dict[str | None, ast.stmt]) -> set[str]:
    found: set[str] = set()
    todo = [node.id for root in roots for node in ast.walk(root) if isinstance(node, ast.Name)]
    while todo:
        name = todo.pop()
        if name in found or name not in of:
            continue
        found.add(name)
        todo += loads([of[name]])
    return found


def _depending(body: list[ast.stmt], roots: set[str]) -> set[str]:
    found = set(roots)
    for statement in body:
        name = target_of(statement)
        if name is not None and any(read in found for read in loads([statement])):
            found.add(name)
    return found


def _copy(statement: ast.stmt) -> ast.stmt:
    return ast.parse(ast.unparse(statement)).body[0]
