"""What Inductor's kernels call from its own library, in Triton's words, or as small functions of the block's own."""

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

_SOURCES: dict[str, tuple[str, list[str]]] = {
    "larger": (
        '''
def larger(a, b):
    """The larger of two, or NaN where either is."""
    return tl.maximum(a, b, propagate_nan=tl.PropagateNan.ALL)
''',
        [],
    ),
    "smaller": (
        '''
def smaller(a, b):
    """The smaller of two, or NaN where either is."""
    return tl.minimum(a, b, propagate_nan=tl.PropagateNan.ALL)
''',
        [],
    ),
    "maximum_of": (
        '''
def maximum_of(values, axis: tl.constexpr):
    """The largest along an axis, or NaN where there is one."""
    return tl.reduce(values, axis, larger)
''',
        ["larger"],
    ),
    "minimum_of": (
        '''
def minimum_of(values, axis: tl.constexpr):
    """The smallest along an axis, or NaN where there is one."""
    return tl.reduce(values, axis, smaller)
''',
        ["smaller"],
    ),
    "either": (
        '''
def either(a, b):
    """Whether one of two is true."""
    return a | b
''',
        [],
    ),
    "any_of": (
        '''
def any_of(values, axis: tl.constexpr):
    """Whether any along an axis is true."""
    return tl.reduce(values, axis, either)
''',
        ["either"],
    ),
    "times": (
        '''
def times(a, b):
    """The product of two."""
    return a * b
''',
        [],
    ),
    "product_of": (
        '''
def product_of(values, axis: tl.constexpr):
    """The product along an axis."""
    return tl.reduce(values, axis, times)
''',
        ["times"],
    ),
    "larger_and_place": (
        '''
def larger_and_place(a, place_a, b, place_b):
    """The larger of two and its place, the earlier where they are equal; NaN is larger than any number."""
    first = (a > b) | ((a != a) & (b == b))
    equal = (a == b) | ((a != a) & (b != b))
    first = first | (equal & (place_a < place_b))
    return tl.where(first, a, b), tl.where(first, place_a, place_b)
''',
        [],
    ),
    "smaller_and_place": (
        '''
def smaller_and_place(a, place_a, b, place_b):
    """The smaller of two and its place, the earlier where they are equal; NaN is smaller than any number."""
    first = (a < b) | ((a != a) & (b == b))
    equal = (a == b) | ((a != a) & (b != b))
    first = first | (equal & (place_a < place_b))
    return tl.where(first, a, b), tl.where(first, place_a, place_b)
''',
        [],
    ),
    "maximum_and_place": (
        '''
def maximum_and_place(values, places, axis: tl.constexpr):
    """The largest along an axis and its place."""
    return tl.reduce((values, places), axis, larger_and_place)
''',
        ["larger_and_place"],
    ),
    "minimum_and_place": (
        '''
def minimum_and_place(values, places, axis: tl.constexpr):
    """The smallest along an axis and its place."""
    return tl.reduce((values, places), axis, smaller_and_place)
''',
        ["smaller_and_place"],
    ),
    "floor_divide": (
        '''
def floor_divide(a, b):
    """The quotient of two whole numbers, rounded down as Python rounds it."""
    quotient = a // b
    rounded_up = (a % b != 0) & ((a < 0) != (b < 0))
    return tl.where(rounded_up, quotient - 1, quotient)
''',
        [],
    ),
    "remainder": (
        '''
def remainder(a, b):
    """What is left of a whole number's division, with the divisor's sign as Python has it."""
    left = a % b
    return tl.where((left != 0) & ((left < 0) != (b < 0)), left + b, left)
''',
        [],
    ),
    "place_among": (
        '''
def place_among(values, borders_ptr, n_borders, stride, first, index_type: tl.constexpr, right: tl.constexpr):
    """How many of the borders, which are in order, lie before each value; with `right` those equal to it count too."""
    low = tl.zeros(values.shape, dtype=index_type)
    high = tl.full(values.shape, n_borders, dtype=index_type)
    span = n_borders
    while span > 0:
        middle = (low + high) // 2
        inside = low < high
        border = tl.load(borders_ptr + (first + middle) * stride, mask=inside, other=0.0)
        above = (values >= border) if right else (values > border)
        low = tl.where(inside & above, middle + 1, low)
        high = tl.where(inside & above, high, tl.where(inside, middle, high))
        span = span // 2
    return low
''',
        [],
    ),
    "welford_step": (
        '''
def welford_step(value, mean, squares, weight):
    """Takes one more value into a running mean, sum of squared differences and count."""
    weight = weight + 1
    difference = value - mean
    mean = mean + difference / weight
    return mean, squares + difference * (value - mean), weight
''',
        [],
    ),
    "welford_merge": (
        '''
def welford_merge(mean_a, squares_a, weight_a, mean_b, squares_b, weight_b):
    """Merges the means, sums of squared differences and counts of two parts."""
    weight = weight_a + weight_b
    share = tl.where(weight == 0.0, 0.0, weight_b / weight)
    difference = mean_b - mean_a
    return (
        mean_a + difference * share,
        squares_a + squares_b + difference * difference * weight_a * share,
        weight,
    )
''',
        [],
    ),
    "welford_of": (
        '''
def welford_of(mean, squares, weight, axis: tl.constexpr):
    """The mean, sum of squared differences and count along an axis."""
    return tl.reduce((mean, squares, weight), axis, welford_merge)
''',
        ["welford_merge"],
    ),
}

# Inductor's names for them.
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
NAMES = set(_SOURCES)
"""The names that the helpers have in a block."""


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


def sources(needed: set[str]) -> list[str]:
    """The texts of the helpers of these names and of those that they call, each before it is called."""
    wanted: set[str] = set()
    todo = list(needed)
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            todo += _SOURCES[name][1]
    return ["@triton.jit" + text.rstrip() for name, (text, _needs) in _SOURCES.items() if name in wanted]
