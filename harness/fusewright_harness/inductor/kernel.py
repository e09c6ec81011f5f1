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
from fusewright_harness.inductor.hoist import Hoist
from fusewright_harness.inductor.indices import Indices
from fusewright_harness.inductor.kernel_text import Block, kernel_text
from fusewright_harness.inductor.layout import statement_lines
from fusewright_harness.inductor.names import Names
from fusewright_harness.inductor.parameters import Parameters
from fusewright_harness.inductor.places import name_places
from fusewright_harness.inductor.program import Kernel, Launch
from fusewright_harness.inductor.shapes import Axes
from fusewright_harness.inductor.sharing import inline
from fusewright_harness.inductor.simplify import simplify
from fusewright_harness.inductor.sizes import Sizes
from fusewright_harness.inductor.statements import Replace, remove_dead, walk
from fusewright_harness.inductor.translate import Translate, Unknown
from fusewright_harness.inductor.types import Types
from fusewright_harness.inductor.unsupported import Unsupported
from fusewright_harness.inductor.values import name_values

_LOCAL_BLOCK = re.compile(r"[XYZ]BLOCK|R\d_BLOCK")


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
        self._names = Names(HELPER_NAMES | {name})
        self._parameters = Parameters(self._kernel, launch, sizes, extents, buffer_name, self._names)
        self._body = copy.deepcopy(self._kernel.function.body)

    def written(self) -> StandaloneKernel:
        parameters, renamed = self._parameters, self._parameters.renamed
        indices = Indices.of(self._kernel, renamed, self._names, parameters.windows)
        whole = self._held_blocks()
        self._settle_constants()
        hoist = Hoist(parameters.number, self._sizes.is_float, self._names)
        hoist.apply(self._body)
        for name, value in hoist.given:
            parameters.add(name, value)
        types = Types(self._kernel.signature, parameters.is_scalar)
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
        doubles = parameters.doubles()
        if any(_is_wide(node) for node in walk(self._body)):
            self._widen()
        renamed |= indices.names
        name_values(self._body, indices, parameters.elements, self._names, renamed)
        for node in walk(self._body):
            if isinstance(node, ast.Name):
                node.id = renamed.get(node.id, node.id)
        numbers = {name: value for name, value in parameters.arguments if not name.endswith("_ptr")}
        is_place = {*numbers, *indices.names.values()}
        addresses = Addresses(set(numbers) - parameters.windows, numbers, is_place)
        name_places(self._body, is_place, addresses.written)
        blocks = self._blocks(whole)
        return StandaloneKernel(
            self._name,
            self._kernel.kind,
            kernel_text(self._name, self._kernel, self._body, parameters, blocks, indices, doubles),
            self._launch,
            parameters.used(self._body),
            parameters.origins(),
            blocks,
            self._kernel.size_hints,
            translate.needed,
            configs.choices(self._kernel),
            configs.warps(self._kernel),
            self._kernel.across,
            functions,
        )

    def _functions(self, translate: Translate) -> list[str]:
        """The kernel's own functions, such as what a scan combines by."""
        texts = []
        for function in copy.deepcopy(self._kernel.helpers):
            word = re.sub(r"^_?triton_helper_fn_?|\d+$", "", function.name) or "parts"
            name = self._block_names.fresh(f"combine_{word}")
            self._parameters.renamed[function.name] = name
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

    def _widen(self) -> None:
        """Has places and whole numbers in int64, since they meet numbers that int32 cannot hold."""
        # What is a constant of the kernel takes the type of what it meets.
        windows = self._parameters.windows
        passed = [
            n for n in self._parameters.whole_numbers() if self._parameters.renamed.get(n) not in windows
        ]
        casts = [_parse_statement(f"{name} = tl.cast({name}, tl.int64)") for name in passed]
        self._body = casts + [_WidePlaces().visit(statement) for statement in self._body]

    def _blocks(self, held: dict[str, ast.expr]) -> list[Block]:
        found = []
        constants = [
            name
            for name, type_ in self._kernel.signature.items()
            if type_ == "constexpr" and _LOCAL_BLOCK.fullmatch(name)
        ]
        for local in [*constants, *held]:
            axis = local.removesuffix("BLOCK")
            extent = self._parameters.extent(f"{axis.lower()}numel")
            found.append(Block(self._parameters.renamed.get(local, local), axis, extent, local in held))
        batches = self._parameters.extent("znumel")
        if self._kernel.kind == products.KIND and batches is not None:
            found.append(Block("", "Z", batches, False))
        return found


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
