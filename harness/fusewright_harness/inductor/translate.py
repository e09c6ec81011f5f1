"""What Inductor's kernels call from its own library, in Triton's words or as helpers of the block's own."""

from __future__ import annotations

import ast

# Functions that Triton's language has itself, accurate enough in the types that they take here.
_LANGUAGE = {
    "libdevice.exp": "tl.exp",
    "libdevice.exp2": "tl.exp2",
    "libdevice.log": "tl.log",
    "libdevice.log2": "tl.log2",
    "libdevice.sqrt": "tl.sqrt",
    "libdevice.rsqrt": "tl.rsqrt",
    "libdevice.erf": "tl.erf",
    "libdevice.floor": "tl.floor",
    "libdevice.ceil": "tl.ceil",
    "libdevice.abs": "tl.abs",
    "libdevice.cos": "tl.cos",
    "libdevice.sin": "tl.sin",
    "libdevice.fma": "tl.fma",
    "tl_math.abs": "tl.abs",
    "tl_math.exp": "tl.exp",
    "tl_math.log": "tl.log",
    "tl_math.sqrt": "tl.sqrt",
    "tl_math.cos": "tl.cos",
    "tl_math.sin": "tl.sin",
    "tl_math.floor": "tl.floor",
    "tl_math.ceil": "tl.ceil",
    "tl_math.erf": "tl.erf",
    "tl_math.rsqrt": "tl.rsqrt",
}

# Inductor's names for the helpers.
_OURS = {
    "max2": "maximum_of",
    "min2": "minimum_of",
    "max2_strict": "maximum_of",
    "min2_strict": "minimum_of",
    "maximum": "larger",
    "minimum": "smaller",
    "any": "any_of",
    "prod": "product_of",
    "max_with_index": "maximum_and_place",
    "min_with_index": "minimum_and_place",
    "max_with_first_index": "maximum_and_place",
    "min_with_first_index": "minimum_and_place",
    "maximum_with_index": "larger_and_place",
    "minimum_with_index": "smaller_and_place",
    "div_floor_integer": "floor_divide",
    "remainder_integer": "remainder",
    "welford_reduce": "welford_step",
    "welford": "welford_of",
    "welford_combine": "welford_merge",
}


class Unknown(Exception):
    """A function of Inductor's library that there is no helper for."""


class Translate(ast.NodeTransformer):
    """Calls what a block has instead of Inductor's library, and notes which helpers that takes."""

    def __init__(self) -> None:
        self.needed: set[str] = set()

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """``libdevice.exp``, ``triton_helpers.max2`` and the like."""
        name = ast.unparse(node)
        if name in _LANGUAGE:
            return ast.parse(_LANGUAGE[name], mode="eval").body
        if not isinstance(node.value, ast.Name):
            self.generic_visit(node)
            return node
        if name.startswith("tl_math."):
            return ast.parse(name.replace("tl_math.", "tl.math."), mode="eval").body
        if name == "triton_helpers.bucketize_binary_search":
            self.needed.add("place_among")
            return ast.Name("place_among", ast.Load())
        if name.startswith("triton_helpers."):
            ours = _OURS.get(name.removeprefix("triton_helpers."))
            if ours is None:
                raise Unknown(name.removeprefix("triton_helpers."))
            self.needed.add(ours)
            return ast.Name(ours, ast.Load())
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Calls whose arguments are spelled differently here."""
        name = ast.unparse(node.func)
        self.generic_visit(node)
        if name in ("tl.maximum", "tl.minimum") and len(node.args) == 3:
            node.keywords.append(ast.keyword("propagate_nan", node.args.pop()))
        if (
            name == "tl.full"
            and ast.unparse(node.args[1]) in ("0", "0.0")
            and ast.unparse(node.args[0]) != "[]"
        ):
            return ast.Call(ast.parse("tl.zeros", mode="eval").body, [node.args[0], node.args[2]], [])
        if name.endswith(".broadcast_to") and ast.unparse(node.func.value).startswith("tl.zeros([1"):
            return ast.parse(
                f"tl.zeros([{', '.join(map(ast.unparse, node.args))}], tl.int32)", mode="eval"
            ).body
        if name == "triton_helpers.welford_reduce":
            del node.args[4:]
        if name == "triton_helpers.bucketize_binary_search":
            _plain_search(node)
        if name == "tl.load":
            _plain_load(node)
        if name == "tl.store" and len(node.args) == 3:
            mask = node.args.pop()
            if ast.unparse(mask) not in ("None", "True"):
                node.keywords.insert(0, ast.keyword("mask", mask))
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """``a * (a >= b) + b * (b > a)``, which is how Inductor writes a maximum of sizes."""
        self.generic_visit(node)
        match node:
            case ast.BinOp(
                left=ast.BinOp(
                    left=a, op=ast.Mult(), right=ast.Compare(left=c, ops=[ast.GtE()], comparators=[d])
                ),
                op=ast.Add(),
                right=ast.BinOp(left=b, op=ast.Mult(), right=ast.Compare(ops=[ast.Gt()])),
            ) if ast.unparse(a) == ast.unparse(c) and ast.unparse(b) == ast.unparse(d):
                return ast.Call(ast.parse("tl.maximum", mode="eval").body, [a, b], [])
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """``[:]`` of a vector is the vector."""
        self.generic_visit(node)
        return node.value if ast.unparse(node.slice) == ":" else node


def _plain_search(node: ast.Call) -> None:
    """Hands a search what it needs: Inductor's also knows borders that are sorted through an index."""
    values, borders, size, _numel, stride, first, index_type, right, *sorter = node.args
    if any(ast.unparse(part) != "None" for part in [*sorter, *(keyword.value for keyword in node.keywords)]):
        raise Unknown("bucketize_binary_search with a sorter")
    node.args = [values, borders, size, stride, first, index_type, right]
    node.keywords = []


def _plain_load(node: ast.Call) -> None:
    """Names a load's mask, and leaves out what Inductor guesses about the cache."""
    node.keywords = [keyword for keyword in node.keywords if keyword.arg != "eviction_policy"]
    if len(node.args) == 2:
        mask = node.args.pop()
        if ast.unparse(mask) in ("None", "True"):
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "other"]
            return
        node.keywords.insert(0, ast.keyword("mask", mask))
        if not any(keyword.arg == "other" for keyword in node.keywords):
            # What is masked out is never stored; a defined value keeps indices made of it harmless.
            node.keywords.append(ast.keyword("other", ast.Constant(0.0)))
