"""What Inductor's text says: its kernels, the buffers it allocates, the launches and what is returned."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

from fusewright_harness.inductor.unsupported import Unsupported

_BOOKKEEPING = re.compile(
    r"args\.clear|assert_|torch\.cuda\.set_device|(raw_)?stream\d* =|AutotuneTensor|# |del "
)
_ALLOCATES = {"empty_strided_cuda"}


@dataclass(frozen=True)
class Kernel:
    """A Triton kernel as Inductor wrote it."""

    name: str
    kind: str
    """The heuristics that Inductor would launch it by: pointwise, reduction, persistent_reduction, template."""
    function: ast.FunctionDef
    helpers: list[ast.FunctionDef]
    """Functions of its own that it calls, such as what a scan combines by."""
    signature: dict[str, str]
    """The types of its parameters as Triton writes them: ``*fp32``, ``i64``, ``constexpr``."""
    size_hints: dict[str, int]
    """Powers of two at or above its extents, for the inputs that it was written for."""
    inner: bool
    """Whether a reduction runs along neighbouring elements."""
    across: bool = False
    """Whether it runs across them."""


@dataclass(frozen=True)
class Allocate:
    """A buffer."""

    name: str
    sizes: list[ast.expr]
    strides: list[ast.expr]
    dtype: str


@dataclass(frozen=True)
class Launch:
    """A launch, and what each parameter but the blocks is given."""

    kernel: Kernel
    arguments: dict[str, ast.expr]


@dataclass(frozen=True)
class Assign:
    """Another name for a buffer, or a view of one."""

    name: str
    value: ast.expr


@dataclass
class Program:
    """What Inductor's module does when it is called."""

    inputs: list[str] = field(default_factory=list)
    """The names of the graph's inputs, in order."""
    steps: list[Allocate | Launch | Assign] = field(default_factory=list)
    outputs: list[ast.expr] = field(default_factory=list)
    values: dict[str, ast.expr] = field(default_factory=dict)
    """Sizes that Inductor named, such as ``triton_poi_fused_0_xnumel``."""

    @property
    def launches(self) -> list[Launch]:
        """The launches, in order."""
        return [step for step in self.steps if isinstance(step, Launch)]


def read(text: str, symbols: set[str]) -> Program:
    """Reads Inductor's module; ``symbols`` are the names of the traced sizes and numbers.

    Raises:
        Unsupported: something is computed by other means than a Triton kernel.

    """
    tree = ast.parse(text)
    kernels: dict[str, Kernel] = {}
    call: ast.FunctionDef | None = None
    for node in tree.body:
        if isinstance(node, ast.Assign) and _function(node.value) == "async_compile.triton":
            name, body = (ast.literal_eval(argument) for argument in node.value.args[:2])
            kernels[node.targets[0].id] = _kernel(name, body)
        elif isinstance(node, ast.FunctionDef) and node.name == "call":
            call = node
        elif isinstance(node, ast.ClassDef):
            call = next((f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "call"), call)
    if call is None:
        raise ValueError("TorchInductor's text has no `call`")
    reader = _Reader(kernels, symbols)
    reader.body(call.body)
    return reader.program


class _Reader:
    def __init__(self, kernels: dict[str, Kernel], symbols: set[str]) -> None:
        self.program = Program()
        self._kernels = kernels
        self._symbols = symbols

    def body(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            if isinstance(statement, ast.With):
                self.body(statement.body)
            else:
                self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        text = ast.unparse(statement)
        if isinstance(statement, (ast.Delete, ast.Assert, ast.Pass)) or _BOOKKEEPING.match(text):
            return
        match statement:
            case ast.Return(value=ast.Tuple(elts=outputs)):
                self.program.outputs = outputs
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="run")) as call):
                if name not in self._kernels:
                    raise _foreign(statement)
                self._launch(self._kernels[name], call.args)
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Name(id="args")):
                self.program.inputs = [name.id for name in names]
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._assign(name, value, statement)
            case _:
                raise _foreign(statement)

    def _launch(self, kernel: Kernel, given: list[ast.expr]) -> None:
        names = [argument.arg for argument in kernel.function.args.args if argument.annotation is None]
        if kernel.kind == "template":
            raise Unsupported("template", "TorchInductor chose a template, which is not made standalone")
        self.program.steps.append(Launch(kernel, dict(zip(names, given, strict=True))))

    def _assign(self, name: str, value: ast.expr, statement: ast.stmt) -> None:
        if name in self._symbols or (isinstance(value, ast.Call) and _function(value).endswith(".size")):
            return
        function = _function(value)
        if isinstance(value, ast.Call) and function in _ALLOCATES:
            sizes, strides, dtype = value.args
            self.program.steps.append(Allocate(name, sizes.elts, strides.elts, ast.unparse(dtype)))
        elif isinstance(value, ast.Name) or function == "reinterpret_tensor":
            self.program.steps.append(Assign(name, value))
        elif function == "copy_if_misaligned":
            return
        elif not any(isinstance(node, ast.Call) and _names_operator(node) for node in ast.walk(value)):
            self.program.values[name] = value
        else:
            raise _foreign(statement)


def _kernel(name: str, body: str) -> Kernel:
    functions = [node for node in ast.parse(body).body if isinstance(node, ast.FunctionDef)]
    function = next(node for node in functions if node.name == name)
    heuristics = next(
        node
        for node in function.decorator_list
        if isinstance(node, ast.Call) and _function(node).startswith("triton_heuristics.")
    )
    keywords = {keyword.arg: keyword.value for keyword in heuristics.keywords}
    hint = ast.unparse(keywords["reduction_hint"]) if "reduction_hint" in keywords else ""
    return Kernel(
        name=name,
        kind=_function(heuristics).removeprefix("triton_heuristics."),
        function=function,
        helpers=[node for node in functions if node is not function],
        signature=_signature(keywords["triton_meta"]),
        size_hints=_literal(keywords.get("size_hints"), {}),
        inner="INNER" in hint,
        across="OUTER" in hint and "TINY" not in hint,
    )


def _signature(meta: ast.expr) -> dict[str, str]:
    for key, value in zip(meta.keys, meta.values, strict=True):
        if ast.literal_eval(key) == "signature":
            return ast.literal_eval(value)
    raise ValueError("TorchInductor's kernel has no signature")


def _literal(node: ast.expr | None, default: Any) -> Any:
    return default if node is None else ast.literal_eval(node)


def _function(node: ast.AST) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def _names_operator(node: ast.Call) -> bool:
    return _function(node).startswith(("extern_kernels.", "torch.", "aten.", "inductor_ops."))


def _foreign(statement: ast.stmt) -> Unsupported:
    """The refusal of what Inductor leaves to a library."""
    text = ast.unparse(statement)
    found = re.search(
        r"extern_kernels\.(\w+)|torch\.ops\.(\w+\.\w+)|aten\.(\w+)|(?:torch|inductor_ops)\.(\w+)", text
    )
    if found is None:
        return Unsupported(
            "call", f"TorchInductor's code does something that is not known here: `{text[:80]}`"
        )
    operator = next(group for group in found.groups() if group)
    return Unsupported(
        operator,
        f"TorchInductor has no Triton kernel for `{operator}` and would call a library: "
        "write this part with operators that it compiles, or have a language model write the kernel",
    )
