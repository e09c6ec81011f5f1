"""One of Inductor's kernels as a person would write it: parameters with names, sizes handed over, no hidden library."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from fusewright_harness.inductor import configs, products
from fusewright_harness.inductor.addresses import Addresses
from fusewright_harness.inductor.helpers import NAMES as HELPER_NAMES
from fusewright_harness.inductor.helpers import Translate, Unknown
from fusewright_harness.inductor.hoist import Hoist
from fusewright_harness.inductor.indices import Indices
from fusewright_harness.inductor.layout import call_lines, statement_lines
from fusewright_harness.inductor.names import Names
from fusewright_harness.inductor.program import Kernel, Launch
from fusewright_harness.inductor.shapes import Axes
from fusewright_harness.inductor.simplify import Replace, inline, loads, remove_dead, simplify, walk
from fusewright_harness.inductor.sizes import Sizes
from fusewright_harness.inductor.types import Types
from fusewright_harness.inductor.unsupported import Unsupported
from fusewright_harness.inductor.values import name_values

_LOCAL_BLOCK = re.compile(r"[XYZ]BLOCK|R\d_BLOCK")


@dataclass(frozen=True)
class Block:
    """A block's extent: a constant of the kernel that the launch decides."""

    name: str
    axis: str
    """Inductor's axis: ``X``, ``Y``, ``Z``, ``R0_``, ``R1_``."""
    extent: ast.expr | None
    """How many elements there are along the axis, in the wrapper's names."""
    whole: bool
    """Whether one block holds the whole extent."""


@dataclass
class StandaloneKernel:
    """A kernel's text, and what a launch gives it."""

    name: str
    kind: str
    source: str
    launch: Launch
    """The launch that it was written for."""
    arguments: list[tuple[str, ast.expr]]
    """Its parameters but the blocks, each with what the wrapper gives, in the wrapper's names."""
    origins: dict[str, list[str]]
    """By parameter: what Inductor calls it, which may be several that are always the same."""
    blocks: list[Block]
    size_hints: dict[str, int]
    helpers: set[str] = field(default_factory=set)
    """Names of the helpers that it calls."""
    choices: list[configs.Choice] = field(default_factory=list)
    """The configurations that it may be launched in, where those are chosen for it."""
    warps: int = 4
    """The warps of a program, where its launch works its blocks out from the sizes."""
    across: bool = False
    """Whether what is reduced lies apart."""
    functions: list[str] = field(default_factory=list)
    """Texts of the functions that only this kernel calls."""


def standalone(
    launch: Launch,
    name: str,
    sizes: Sizes,
    extents: dict[str, ast.expr],
    buffer_name: Callable[[ast.expr], str],
    block_names: Names,
) -> StandaloneKernel:
    """The kernel of ``launch``, called ``name``.

    ``extents`` are the sizes that Inductor's wrapper named; ``buffer_name`` tells what the wrapper calls a buffer;
    ``block_names`` are the names of the block's functions.

    Raises:
        Unsupported: the kernel calls something that only TorchInductor has.

    """
    return _Writer(launch, name, sizes, extents, buffer_name, block_names).written()


class _Writer:
    def __init__(
        self,
        launch: Launch,
        name: str,
        sizes: Sizes,
        extents: dict[str, ast.expr],
        buffer_name: Callable[[ast.expr], str],
        block_names: Names,
    ) -> None:
        self._block_names = block_names
        self._kernel: Kernel = products.in_two_dimensions(launch.kernel)
        self._launch = launch
        self._name = name
        self._sizes = sizes
        self._extents = extents
        self._buffer_name = buffer_name
        self._names = Names(HELPER_NAMES | {name})
        self._renamed: dict[str, str] = {}
        self._arguments: list[tuple[str, ast.expr]] = []
        self._pointers: list[str] = []
        self._hoisted: set[str] = set()
        self._body = copy.deepcopy(self._kernel.function.body)

    def written(self) -> StandaloneKernel:
        for number in self._numbers():
            self._names.take(number)
        self._name_parameters()
        indices = Indices.of(self._kernel, self._renamed, self._names)
        whole = self._held_blocks()
        self._settle_constants()
        hoist = Hoist(self._number, self._sizes.is_float, self._names)
        hoist.apply(self._body)
        for name, value in hoist.given:
            ast.fix_missing_locations(value)
            self._arguments.append((name, value))
            self._renamed[name] = name
            self._hoisted.add(name)
        types = Types(self._kernel.signature, self._is_scalar)
        simplify(self._body, Axes(), types)
        remove_dead(self._body)
        translate = Translate()
        try:
            self._body = [translate.visit(statement) for statement in self._body]
        except Unknown as error:
            raise Unsupported(
                str(error), f"TorchInductor's kernel calls `{error}`, which has no standalone form yet"
            ) from error
        functions = self._functions(translate)
        doubles = {name for name in [*self._numbers(), *self._hoisted] if self._in_float64(name)}
        if any(_is_wide(node) for node in walk(self._body)):
            self._widen()
        self._renamed |= indices.names
        name_values(self._body, indices, self._pointers_of, self._names, self._renamed)
        _Rename(self._renamed, self._sizes).apply(self._body)
        numbers = {name: value for name, value in self._arguments if not name.endswith("_ptr")}
        addresses = Addresses(set(numbers), numbers)
        self._body = [addresses.visit(statement) for statement in self._body]
        blocks = self._blocks(indices, whole)
        return StandaloneKernel(
            self._name,
            self._kernel.kind,
            self._text(blocks, doubles, self._about(blocks, indices)),
            self._launch,
            self._used_arguments(),
            self._origins(),
            blocks,
            self._kernel.size_hints,
            translate.needed,
            configs.choices(self._kernel),
            configs.warps(self._kernel),
            self._kernel.across,
            functions,
        )

    def _origins(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for inductor, ours in self._renamed.items():
            found.setdefault(ours, []).append(inductor)
        return {ours: found[ours] for ours, _value in self._arguments}

    def _functions(self, translate: Translate) -> list[str]:
        """The kernel's own functions, such as what a scan combines by."""
        texts = []
        for function in copy.deepcopy(self._kernel.helpers):
            word = re.sub(r"^_?triton_helper_fn_?|\d+$", "", function.name) or "parts"
            name = self._block_names.fresh(f"combine_{word}")
            self._renamed[function.name] = name
            while inline(function.body):
                pass
            function = translate.visit(function)
            parameters = [argument.arg for argument in function.args.args]
            if len(parameters) == 2:
                Replace(
                    {old: ast.Name(new, ast.Load()) for old, new in zip(parameters, "ab", strict=True)}
                ).visit(function)
                parameters = ["a", "b"]
            lines = [f"def {name}({', '.join(parameters)}):"]
            lines += ["    " + line for part in function.body for line in statement_lines(part)]
            texts.append("\n".join(["@triton.jit", *lines]))
        return texts

    def _numbers(self) -> list[str]:
        """The numbers among the arguments that Inductor's text reads without handing them over."""
        passed = set(self._kernel.signature)
        names = loads(self._kernel.function.body)
        return sorted(name for name in names if name not in passed and self._sizes.is_number(name))

    def _name_parameters(self) -> None:
        by_text: dict[str, str] = {}
        sizes: list[tuple[str, ast.expr]] = []
        for parameter, given in self._launch.arguments.items():
            if self._kernel.signature.get(parameter, "").startswith("*"):
                text = ast.unparse(given)
                name = by_text.get(text)
                if name is None:
                    name = self._names.fresh(f"{self._buffer_name(given)}_ptr")
                    self._arguments.append((name, given))
                    self._pointers.append(name)
                    by_text[text] = name
                self._renamed[parameter] = name
            else:
                sizes.append((parameter, self._sizes.renamed(self._extents.get(ast.unparse(given), given))))
        # Plain sizes first, so that an extent that is one of them shares its name.
        for parameter, value in sorted(sizes, key=lambda item: not isinstance(item[1], ast.Name)):
            text = ast.unparse(value)
            name = by_text.get(text)
            if name is None:
                wanted = value.id if isinstance(value, ast.Name) else self._extent_name(parameter)
                name = self._names.fresh(wanted)
                by_text[text] = name
                self._arguments.append((name, value))
            self._renamed[parameter] = name
        for number in self._numbers():
            symbol = self._sizes.symbol(number)
            name = self._sizes.name(symbol)
            self._arguments.append((name, ast.Name(name, ast.Load())))
            self._renamed[number] = name

    def _extent_name(self, parameter: str) -> str:
        if parameter == "xnumel":
            return "n_elements" if len(self._kernel.size_hints) == 1 else "n_outputs"
        named = {
            "ynumel": "n_outer",
            "znumel": "n_outermost",
            "r0_numel": "n_reduced",
            "r1_numel": "n_reduced",
        }
        return named.get(parameter, "extent")

    def _is_scalar(self, name: str) -> bool:
        return name in self._renamed and not self._kernel.signature.get(name, "").startswith("*")

    def _number(self, name: str) -> str | None:
        """What the wrapper writes for a number that the kernel is given, or None for any other name."""
        if self._sizes.is_number(name):
            return self._renamed.get(name)
        if name not in self._launch.arguments or self._kernel.signature.get(name, "").startswith("*"):
            return None
        given = self._launch.arguments[name]
        return ast.unparse(self._sizes.renamed(self._extents.get(ast.unparse(given), given)))

    def _pointers_of(self, parameter: str) -> str | None:
        """What a pointer's elements are called."""
        name = self._renamed.get(parameter)
        return name.removesuffix("_ptr") if name in self._pointers else None

    def _held_blocks(self) -> dict[str, ast.expr]:
        """Blocks whose extent the text itself says: those that hold a whole row."""
        held: dict[str, ast.expr] = {}
        kept = []
        for statement in self._body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=name), value=value) if _LOCAL_BLOCK.fullmatch(name):
                    if not isinstance(value, ast.Name):
                        held[name] = value
                        continue
                    Replace({name: value})
            kept.append(statement)
        self._body = kept
        return held

    def _settle_constants(self) -> None:
        """Takes what Inductor's text gives a parameter instead of what it is given."""
        kept = []
        for statement in self._body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant()) if name.endswith("numel"):
                    if name in self._kernel.signature:
                        continue
            kept.append(statement)
        self._body = kept

    def _in_float64(self, number: str) -> bool:
        """Whether a floating number is used in float64, for which the float32 that Triton makes of it is too coarse."""
        floating = number in self._hoisted or self._sizes.is_float(number)
        return floating and "fp64" in " ".join(self._kernel.signature.values())

    def _widen(self) -> None:
        """Has places and whole numbers in int64, since they meet numbers that int32 cannot hold."""
        passed = [name for name, given in self._launch.arguments.items() if self._is_whole_number(given)]
        casts = [_parse_statement(f"{name} = tl.cast({name}, tl.int64)") for name in passed]
        self._body = casts + [_WidePlaces().visit(statement) for statement in self._body]

    def _is_whole_number(self, given: ast.expr) -> bool:
        """Whether a parameter is given a whole number among the arguments."""
        symbol = ast.unparse(given)
        return self._sizes.is_number(symbol) and not self._sizes.is_float(symbol)

    def _blocks(self, indices: Indices, held: dict[str, ast.expr]) -> list[Block]:
        found = []
        constants = [
            name
            for name, type_ in self._kernel.signature.items()
            if type_ == "constexpr" and _LOCAL_BLOCK.fullmatch(name)
        ]
        for local in [*constants, *held]:
            axis = local.removesuffix("BLOCK")
            numel = f"{axis.lower()}numel"
            given = self._launch.arguments.get(numel)
            extent = None
            if given is not None:
                extent = self._sizes.renamed(self._extents.get(ast.unparse(given), given))
            name = self._renamed.get(local, local)
            found.append(Block(name, axis, extent, local in held))
        if self._kernel.kind == products.KIND and "znumel" in self._launch.arguments:
            given = self._launch.arguments["znumel"]
            batches = self._sizes.renamed(self._extents.get(ast.unparse(given), given))
            found.append(Block("", "Z", batches, False))
        return found

    def _used_arguments(self) -> list[tuple[str, ast.expr]]:
        read = loads(self._body)
        return [(name, value) for name, value in self._arguments if read[name]]

    def _autotuning(self, blocks: list[Block]) -> list[str]:
        """The decorator that chooses among several configurations, where there is a choice."""
        found = configs.choices(self._kernel)
        if len(found) < 2:
            return []
        names = {block.axis: block.name for block in blocks}
        lines = ["@triton.autotune(", "    configs=["]
        lines += [f"        {choice.text(names)}," for choice in found]
        extents = [name for name in self._launch.arguments if name.endswith("numel")]
        wanted = {self._renamed[name] for name in extents if name in self._renamed}
        sizes = [name for name, _value in self._used_arguments() if name in wanted]
        keys = ", ".join(f'"{name}"' for name in sizes)
        return [*lines, "    ],", f"    key=[{keys}],", ")"]

    def _divisors(self) -> set[str]:
        """The sizes that places are divided by. As constants of the compiled kernel they are divided by in no time."""
        found = set()
        for node in walk(self._body):
            match node:
                case ast.BinOp(op=ast.FloorDiv() | ast.Mod(), right=ast.Name(id=name)):
                    found.add(name)
        return {name for name, _value in self._used_arguments() if name in found}

    def _about(self, blocks: list[Block], indices: Indices) -> str:
        """What one program does, as a sentence."""
        reduced = [block for block in blocks if block.axis.startswith("R")]
        kept = [block for block in blocks if block.name and not block.axis.startswith("R")]
        if self._kernel.kind == products.KIND:
            return f"A tile of the product, summed in steps of {reduced[0].name}; tiles nearby run at the same time."
        if not reduced or len(kept) != 1:
            sizes = " by ".join(block.name for block in kept)
            return f"{sizes} elements in each program."
        along = " and ".join(indices.words[block.axis][0] for block in reduced)
        each = f"{kept[0].name} {indices.words[kept[0].axis][0]} in each program"
        if all(block.whole for block in reduced):
            return f"{each}, with all {along} held at once."
        return f"{each}, their {along} in steps of {reduced[-1].name}."

    def _text(self, blocks: list[Block], doubles: set[str], about: str) -> str:
        doubled = {self._renamed[name] for name in doubles}
        divisors = self._divisors() if configs.reads_windows(self._kernel) else set()
        types = dict.fromkeys(doubled, ": tl.float64") | dict.fromkeys(divisors, ": tl.constexpr")
        parameters = [f"{name}{types.get(name, '')}" for name, _value in self._used_arguments()]
        parameters += [f"{block.name}: tl.constexpr" for block in blocks if block.name]
        lines = [
            *self._autotuning(blocks),
            "@triton.jit",
            *call_lines(f"def {self._name}(", parameters, "):"),
            f'    """{about}"""',
        ]
        for statement in self._body:
            ast.fix_missing_locations(statement)
            lines += ["    " + line for line in statement_lines(statement)]
        # `unparse` knows single quotes alone.
        return re.sub(r"'(-?inf|nan)'", r'"\1"', "\n".join(lines))


class _WidePlaces(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if ast.unparse(node.func) != "tl.program_id":
            return node
        return ast.parse(f"{ast.unparse(node)}.to(tl.int64)", mode="eval").body


def _parse_statement(text: str) -> ast.stmt:
    return ast.parse(text).body[0]


def _is_wide(node: ast.AST) -> bool:
    """Whether it is a number that int32, as which Triton takes small arguments, cannot hold."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value >> 31 > 0


class _Rename(ast.NodeTransformer):
    def __init__(self, names: dict[str, str], sizes: Sizes) -> None:
        self._names = names

    def apply(self, body: list[ast.stmt]) -> None:
        for node in walk(body):
            if isinstance(node, ast.Name):
                node.id = self._names.get(node.id, node.id)
