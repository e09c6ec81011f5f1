"""A kernel's Python, rewritten so that executing it means what compiling it would.

Triton's own rewriting loses closures, fills the pair's module with the interpreter's names (which hides missing
imports), and evaluates ``and``, ``or`` and ``not`` on the first lane.
"""

from __future__ import annotations

import ast
import builtins
import types
from typing import TYPE_CHECKING, Any

import triton.language as tl

from .definition import definition as find_definition
from .language import DeviceRange, to_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

_PREFIX = "_fusewright_"


def _is_block(value: Any) -> bool:
    return isinstance(value, tl.tensor) and value.handle.data.size != 1


class AmbiguousTruthError(ValueError):
    """A whole block was used as a condition."""


def _assigned(value: Any) -> Any:
    """What a name holds after an assignment: numbers become tensors unless the name is annotated as constexpr."""
    if type(value) is tuple:
        return tuple(_assigned(item) for item in value)
    return to_tensor(value)


def _truth(value: Any) -> Any:
    if _is_block(value):
        # Upstream takes the branch for all lanes as soon as there is a block.
        raise AmbiguousTruthError(
            f"a block of shape {list(value.handle.data.shape)} has no single truth value: use tl.where"
        )
    return value


def _both(first: Any, second: Callable[[], Any]) -> Any:
    if _is_block(first):
        return first.logical_and(second())
    if not first:
        return first
    # The second operand decides; a true scalar tensor beside a block leaves the block as it is.
    return second()


def _either(first: Any, second: Callable[[], Any]) -> Any:
    if _is_block(first):
        return first.logical_or(second())
    if not first:
        return second()
    if not isinstance(first, tl.tensor):
        return first
    other = second()
    return first.logical_or(other) if _is_block(other) else first


def _negation(value: Any) -> Any:
    if _is_block(value):
        return value == 0
    return not value


def _smallest(*values: Any) -> Any:
    return _fold(tl.minimum, builtins.min, values)


def _largest(*values: Any) -> Any:
    return _fold(tl.maximum, builtins.max, values)


def _fold(operation: Callable[[Any, Any], Any], plain: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    if not any(isinstance(value, tl.tensor) for value in values):
        return plain(*(unwrap(value) for value in values))
    result = values[0]
    for value in values[1:]:
        result = operation(result, value)
    return result


# What a rewritten kernel sees beside its module's names. `range`, `min` and `max` mean triton's own in a kernel.
_HELPERS: dict[str, Any] = {
    f"{_PREFIX}assigned": _assigned,
    f"{_PREFIX}truth": _truth,
    f"{_PREFIX}both": _both,
    f"{_PREFIX}either": _either,
    f"{_PREFIX}negation": _negation,
    "range": DeviceRange,
    "min": _smallest,
    "max": _largest,
}


class _Rewriter(ast.NodeTransformer):
    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        if len(node.targets) > 1:
            raise SyntaxError("simultaneous multiple assignment is not supported in a kernel")
        node.value = _call("assigned", node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        annotation = ast.unparse(node.annotation).strip("'\"").split(".")[-1]
        self.generic_visit(node)
        if node.value is not None and annotation != "constexpr":
            node.value = _call("assigned", node.value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return node
        value = ast.BinOp(left=ast.Name(id=node.target.id, ctx=ast.Load()), op=node.op, right=node.value)
        value = ast.copy_location(value, node)
        return ast.copy_location(ast.Assign(targets=[node.target], value=_call("assigned", value)), node)

    def _visit_condition(self, node: ast.If | ast.IfExp | ast.While | ast.Assert) -> ast.AST:
        self.generic_visit(node)
        node.test = ast.copy_location(_call("truth", node.test), node.test)
        return node

    visit_If = visit_IfExp = visit_While = visit_Assert = _visit_condition  # noqa: N815

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        helper = "both" if isinstance(node.op, ast.And) else "either"
        result = node.values[-1]
        for value in reversed(node.values[:-1]):
            result = _call(helper, value, _lazy(result))
        return ast.copy_location(result, node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            return ast.copy_location(_call("negation", node.operand), node)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1:
            return node
        # `a < b < c` is `a < b and b < c`; loads and arithmetic may be evaluated twice without harm.
        sides = [node.left, *node.comparators]
        pairs = [
            ast.copy_location(ast.Compare(left=left, ops=[op], comparators=[right]), node)
            for left, op, right in zip(sides, node.ops, sides[1:], strict=False)
        ]
        result: ast.expr = pairs[-1]
        for pair in reversed(pairs[:-1]):
            result = _call("both", pair, _lazy(result))
        return ast.copy_location(result, node)


def _call(helper: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(func=ast.Name(id=_PREFIX + helper, ctx=ast.Load()), args=list(arguments), keywords=[])


def _lazy(expression: ast.expr) -> ast.Lambda:
    empty = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.Lambda(args=empty, body=expression)


def rewrite(function: types.FunctionType) -> types.FunctionType:
    """The kernel ``function``, rewritten; itself where its source cannot be had."""
    definition = find_definition(function)
    if definition is None:
        return function
    definition.decorator_list = []
    _strip_signature(definition)
    body = [_Rewriter().visit(statement) for statement in definition.body]
    definition.body = body
    # A factory around it gives the helpers and the captured variables to the function as cells, so that neither
    # the module's namespace is touched nor a captured variable frozen.
    captured = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
    shadowed = {name for name in _HELPERS if name in function.__globals__ and not name.startswith(_PREFIX)}
    cells = {name: types.CellType(value) for name, value in _HELPERS.items() if name not in shadowed}
    cells.update(captured)
    parameters = [ast.arg(arg=name) for name in cells]
    factory = ast.FunctionDef(
        name=f"{_PREFIX}factory",
        args=ast.arguments(posonlyargs=[], args=parameters, kwonlyargs=[], kw_defaults=[], defaults=[]),
        body=[definition, ast.Return(value=ast.Name(id=definition.name, ctx=ast.Load()))],
        decorator_list=[],
        type_params=[],
    )
    module = ast.fix_missing_locations(ast.Module(body=[factory], type_ignores=[]))
    code = compile(module, function.__code__.co_filename, "exec", dont_inherit=True)
    inner = _code_named(_code_named(code, factory.name), definition.name)
    closure = tuple(cells[name] for name in inner.co_freevars)
    rewritten = types.FunctionType(
        inner, function.__globals__, function.__name__, _unwrapped(function.__defaults__), closure
    )
    rewritten.__kwdefaults__ = {k: unwrap(v) for k, v in (function.__kwdefaults__ or {}).items()}
    rewritten.__annotations__ = function.__annotations__
    rewritten.__module__ = function.__module__
    return rewritten


def unwrap(value: Any) -> Any:
    """A compile-time constant's value: in the interpreter numbers stand for themselves."""
    return value.value if isinstance(value, tl.constexpr) else value


def _unwrapped(values: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(unwrap(value) for value in values)


def _strip_signature(definition: ast.FunctionDef) -> None:
    # Defaults and annotations belong to the original function; evaluating them here may miss local names.
    arguments = definition.args
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        argument.annotation = None
    definition.returns = None
    arguments.defaults = [ast.Constant(value=None) for _ in arguments.defaults]
    arguments.kw_defaults = [
        None if default is None else ast.Constant(value=None) for default in arguments.kw_defaults
    ]


def _code_named(code: types.CodeType, name: str) -> types.CodeType:
    return next(c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name)
