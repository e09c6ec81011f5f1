"""A kernel's parameters: what each is called, and what the wrapper gives it."""

from __future__ import annotations

import ast
from collections.abc import Callable

from fusewright_harness.inductor.names import Names
from fusewright_harness.inductor.program import Kernel, Launch
from fusewright_harness.inductor.sizes import Sizes
from fusewright_harness.inductor.statements import loads

_EXTENTS = {"ynumel": "n_outer", "znumel": "n_outermost", "r0_numel": "n_reduced", "r1_numel": "n_reduced"}


class Parameters:
    """The parameters of one kernel but its blocks."""

    def __init__(
        self,
        kernel: Kernel,
        launch: Launch,
        sizes: Sizes,
        extents: dict[str, ast.expr],
        buffer_name: Callable[[ast.expr], str],
        names: Names,
    ) -> None:
        """``extents`` are the sizes that Inductor's wrapper named; ``buffer_name`` tells what ours calls a buffer."""
        self._kernel = kernel
        self._launch = launch
        self._sizes = sizes
        self._extents = extents
        self._buffer_name = buffer_name
        self._names = names
        self._hoisted: set[str] = set()
        self._pointers: list[str] = []
        self.renamed: dict[str, str] = {}
        """Our names for Inductor's."""
        self.arguments: list[tuple[str, ast.expr]] = []
        """Each parameter with what the wrapper gives, in the wrapper's names."""
        self.numbers = self._read_numbers()
        """The numbers among the reference's arguments that Inductor's text reads without handing them over."""
        for number in self.numbers:
            names.take(number)
        self._name()

    def add(self, name: str, value: ast.expr) -> None:
        """One more parameter: a number that the wrapper computes."""
        ast.fix_missing_locations(value)
        self.arguments.append((name, value))
        self.renamed[name] = name
        self._hoisted.add(name)

    def extent(self, parameter: str) -> ast.expr | None:
        """What the wrapper gives a number of Inductor's kernel; None where it has no such parameter."""
        given = self._launch.arguments.get(parameter)
        return None if given is None else self._sizes.renamed(self._extents.get(ast.unparse(given), given))

    def number(self, name: str) -> str | None:
        """What the wrapper writes for a number that the kernel is given, or None for any other name."""
        if self._sizes.is_number(name):
            return self.renamed.get(name)
        value = None if self._is_pointer(name) else self.extent(name)
        return None if value is None else ast.unparse(value)

    def is_scalar(self, name: str) -> bool:
        """Whether it is a number that the kernel is given."""
        return name in self.renamed and not self._is_pointer(name)

    def elements(self, parameter: str) -> str | None:
        """What a pointer's elements are called."""
        name = self.renamed.get(parameter)
        return name.removesuffix("_ptr") if name in self._pointers else None

    def doubles(self) -> set[str]:
        """The floating numbers used in float64, for which the float32 that Triton makes of a number is too coarse."""
        if "fp64" not in " ".join(self._kernel.signature.values()):
            return set()
        floating = [name for name in self.numbers if self._sizes.is_float(name)]
        return {self.renamed[name] for name in [*floating, *self._hoisted]}

    def whole_numbers(self) -> list[str]:
        """Inductor's names of the parameters that are given a whole number among the arguments."""
        given = {name: ast.unparse(value) for name, value in self._launch.arguments.items()}
        is_whole = {t: self._sizes.is_number(t) and not self._sizes.is_float(t) for t in given.values()}
        return [name for name, value in given.items() if is_whole[value]]

    @property
    def windows(self) -> set[str]:
        """The parameters that say how large a window is, and how it moves."""
        given = [(name, value) for name, value in self.arguments if not name.endswith("_ptr")]
        return {name for name, value in given if self._sizes.is_window(value)}

    def used(self, body: list[ast.stmt]) -> list[tuple[str, ast.expr]]:
        """The parameters that ``body`` reads."""
        read = loads(body)
        return [(name, value) for name, value in self.arguments if read[name]]

    def origins(self) -> dict[str, list[str]]:
        """By parameter: what Inductor calls it, which may be several that are always the same."""
        found: dict[str, list[str]] = {}
        for inductor, ours in self.renamed.items():
            found.setdefault(ours, []).append(inductor)
        return {ours: found[ours] for ours, _value in self.arguments}

    def _is_pointer(self, name: str) -> bool:
        return self._kernel.signature.get(name, "").startswith("*")

    def _read_numbers(self) -> list[str]:
        passed = set(self._kernel.signature)
        names = loads(self._kernel.function.body)
        return sorted(name for name in names if name not in passed and self._sizes.is_number(name))

    def _name(self) -> None:
        by_text: dict[str, str] = {}
        sizes: list[tuple[str, ast.expr]] = []
        for parameter, given in self._launch.arguments.items():
            if self._is_pointer(parameter):
                self._name_pointer(parameter, given, by_text)
            else:
                value = self.extent(parameter)
                assert value is not None  # It is one of the launch's arguments.
                sizes.append((parameter, value))
        # Plain sizes first, so that an extent that is one of them shares its name.
        for parameter, value in sorted(sizes, key=lambda item: not isinstance(item[1], ast.Name)):
            text = ast.unparse(value)
            name = by_text.get(text)
            if name is None:
                wanted = value.id if isinstance(value, ast.Name) else self._extent_name(parameter, value)
                name = self._names.fresh(wanted)
                by_text[text] = name
                self.arguments.append((name, value))
            self.renamed[parameter] = name
        for number in self.numbers:
            name = self._sizes.name(self._sizes.symbol(number))
            self.arguments.append((name, ast.Name(name, ast.Load())))
            self.renamed[number] = name

    def _name_pointer(self, parameter: str, given: ast.expr, by_text: dict[str, str]) -> None:
        text = ast.unparse(given)
        name = by_text.get(text)
        if name is None:
            name = self._names.fresh(f"{self._buffer_name(given)}_ptr")
            self.arguments.append((name, given))
            self._pointers.append(name)
            by_text[text] = name
        self.renamed[parameter] = name

    def _extent_name(self, parameter: str, value: ast.expr) -> str:
        if parameter == "xnumel":
            return "n_elements" if len(self._kernel.size_hints) == 1 else "n_outputs"
        return _EXTENTS.get(parameter) or _product_name(value) or "extent"


def _product_name(value: ast.expr) -> str | None:
    """What a product of sizes is called, where it has a name: that of a plane, of an image, of a window."""
    factors: list[ast.expr] = [value]
    while isinstance(factors[0], ast.BinOp) and isinstance(factors[0].op, ast.Mult):
        factors[:1] = [factors[0].left, factors[0].right]
    names = [factor.id for factor in factors if isinstance(factor, ast.Name)]
    numbers = [factor for factor in factors if isinstance(factor, ast.Constant)]
    if not names or len(names) + len(numbers) < len(factors) or len(names) < 2 - bool(numbers):
        return None
    wide = "wide_" if numbers else ""
    if len(names) == 1:
        return f"{wide}{names[0].removeprefix('n_')}"
    if all(name.startswith("kernel_") for name in names):
        return f"{wide}window_size"
    words = sorted(name.removeprefix("n_").removeprefix("output_") for name in names)
    name = {"columns rows": "plane_size", "channels columns rows": "image_size"}.get(" ".join(words))
    return None if name is None else wide + name
