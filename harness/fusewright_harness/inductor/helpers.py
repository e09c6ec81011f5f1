"""The small functions that a block has of its own in place of Inductor's library."""

from __future__ import annotations

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

NAMES = set(_SOURCES)
"""The names that the helpers have in a block."""


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
