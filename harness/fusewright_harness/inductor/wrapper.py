"""The wrapper: the reference's signature, sizes read from the arguments, outputs allocated, kernels launched."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any

from fusewright_harness.inductor import launching
from fusewright_harness.inductor.arguments import Leaf
from fusewright_harness.inductor.checks import constant_checks, size_checks
from fusewright_harness.inductor.contiguity import is_contiguous
from fusewright_harness.inductor.kernel import StandaloneKernel, standalone
from fusewright_harness.inductor.layout import call_lines
from fusewright_harness.inductor.names import Names
from fusewright_harness.inductor.outputs import result_names
from fusewright_harness.inductor.program import Allocate, Assign, Launch, Program
from fusewright_harness.inductor.sizes import Sizes
from fusewright_harness.inductor.statements import parsed
from fusewright_harness.inductor.trace import Output, Traced
from fusewright_harness.inductor.unsupported import Unsupported

_PLAIN_ANNOTATIONS = (int, float, bool, str)


class Wrapper:
    """Writes the wrapper and, on the way, its kernels."""

    def __init__(
        self,
        name: str,
        reference: Callable[..., Any],
        traced: Traced,
        program: Program,
        sizes: Sizes,
        names: Names,
        block_names: Names,
    ) -> None:
        self._reference = reference
        self._name = name
        self._traced = traced
        self._program = program
        self._sizes = sizes
        self._names = names
        self._block_names = block_names
        self._leaf_of = dict(zip(program.inputs, traced.leaves, strict=True))
        self._buffers: dict[str, str] = {}
        self._computed: dict[str, str] = {}
        self._read: set[Leaf] = set()
        self._name_outputs()
        self.kernels: list[StandaloneKernel] = []

    def lines(self) -> list[str]:
        """The wrapper's text."""
        steps = [line for step in self._program.steps for line in self._step(step)]
        returned = f"return {self._returned(self._traced.result)}"
        tests = size_checks(self._traced, self._sizes)
        body = [
            *constant_checks(self._traced),
            *self._definitions(),
            *tests,
            *self._contiguous(),
            *steps,
            returned,
        ]
        return [*self._signature(), *("    " + line if line else "" for line in body)]

    def _signature(self) -> list[str]:
        module = self._traced.arguments.module is not None
        parts = ["self"] if module else []
        star = False
        for parameter in self._traced.arguments.parameters:
            if parameter.kind is parameter.KEYWORD_ONLY and not star:
                parts.append("*")
                star = True
            text = parameter.name
            if parameter.default is not inspect.Parameter.empty:
                text += f"={_default(parameter)}"
            parts.append(text)
        return call_lines(f"def {'forward' if module else self._name}(", parts, "):")

    def _name_outputs(self) -> None:
        """Calls an output as the reference does, where its `return` says so."""
        wanted = result_names(self._reference, self._traced.result)
        for number, expression in enumerate(self._program.outputs):
            base = _base(expression)
            if base is not None and base not in self._leaf_of and base not in self._buffers:
                self._buffers[base] = self._names.fresh(wanted.get(number, "output"), "output")

    def _buffer(self, name: str) -> str:
        if name in self._leaf_of:
            return self._leaf_of[name].name
        if name not in self._buffers:
            self._buffers[name] = self._names.fresh(self._traced.buffers.get(name, "buffer"))
        return self._buffers[name]

    def _element_name(self, expression: ast.expr) -> str:
        base = _base(expression)
        if base is None:
            raise Unsupported("view", f"a kernel is given `{ast.unparse(expression)}`, which is no buffer")
        return self._buffer(base)

    def _expression(self, expression: ast.expr) -> ast.expr:
        """An expression over buffers and symbols in the wrapper's names."""
        if isinstance(expression, ast.Call) and ast.unparse(expression.func) == "reinterpret_tensor":
            base, shape, strides, *offset = expression.args
            inner = self._expression(base)
            size_text = ast.unparse(self._sizes.renamed(shape))
            stride_text = ast.unparse(self._sizes.renamed(strides))
            arguments = f"{size_text}, {stride_text}"
            if offset and ast.unparse(offset[0]) != "0":
                shift = ast.unparse(self._sizes.renamed(offset[0]))
                arguments += f", {ast.unparse(inner)}.storage_offset() + {shift}"
            return parsed(f"{ast.unparse(inner)}.as_strided({arguments})")
        if isinstance(expression, ast.Name):
            if expression.id in self._leaf_of and self._leaf_of[expression.id].is_tensor:
                leaf = self._leaf_of[expression.id]
                self._read.add(leaf)
                return ast.Name(leaf.name, ast.Load())
            if expression.id in self._buffers or self._sizes.symbol(expression.id) is None:
                return ast.Name(self._buffer(expression.id), ast.Load())
        return self._sizes.renamed(expression)

    def _step(self, step: Allocate | Launch | Assign) -> list[str]:
        if isinstance(step, Allocate):
            return self._allocate(step)
        if isinstance(step, Assign):
            if isinstance(step.value, ast.Name):
                self._buffers[step.name] = ast.unparse(self._expression(step.value))
                return []
            value = ast.unparse(self._expression(step.value))
            return [f"{self._buffer(step.name)} = {value}"]
        kernel, given = self._kernel(step)
        lines: list[str] = []
        arguments = []
        extents: dict[str, str] = {}
        for name, value in given:
            if name.endswith("_ptr"):
                arguments.append(ast.unparse(self._expression(value)))
            elif isinstance(value, (ast.Name, ast.Constant)):
                arguments.append(ast.unparse(value))
            else:
                text = ast.unparse(value)
                if text not in self._computed:
                    self._computed[text] = self._names.fresh(name)
                    lines.append(f"{self._computed[text]} = {text}")
                extents[text] = self._computed[text]
                arguments.append(extents[text])
        return [*lines, *launching.lines(kernel, arguments, self._computed)]

    def _allocate(self, step: Allocate) -> list[str]:
        shape = [ast.unparse(self._sizes.renamed(size)) for size in step.sizes]
        strides = [ast.unparse(self._sizes.renamed(stride)) for stride in step.strides]
        device = f"device={self._device()}"
        shape_text = f"({', '.join(shape)}{',' if len(shape) == 1 else ''})"
        target = self._buffer(step.name)
        dtype = f"dtype={self._dtype(step.dtype)}"
        if is_contiguous(shape, strides):
            return call_lines(f"{target} = torch.empty(", [shape_text, device, dtype], ")")
        stride_text = f"({', '.join(strides)}{',' if len(strides) == 1 else ''})"
        return call_lines(f"{target} = torch.empty_strided(", [shape_text, stride_text, device, dtype], ")")

    def _dtype(self, dtype: str) -> str:
        """The dtype by the argument that has it too, or by its name."""
        for leaf in self._traced.leaves:
            if leaf.is_tensor and str(leaf.value.dtype) == dtype and leaf.value.is_floating_point():
                return f"{leaf.path}.dtype"
        return dtype

    def _device(self) -> str:
        tensors = [leaf for leaf in self._traced.leaves if leaf.is_tensor]
        if not tensors:
            raise Unsupported(
                "no tensor", "the reference takes no tensor: there is nothing for a kernel to read"
            )
        return f"{tensors[0].path}.device"

    def _kernel(self, launch: Launch) -> tuple[StandaloneKernel, list[tuple[str, ast.expr]]]:
        """The kernel of a launch and what it is given; one serves all that differ in arguments alone."""
        for kernel in self.kernels:
            given = self._given(kernel, launch)
            if given is not None:
                return kernel, given
        words = re.sub(r"([a-z])([A-Z])", r"\1_\2", self._name).lower()
        base = re.sub(r"_?(triton|fused|kernel|wrapper|new)\b", "", words).strip("_") or "fused"
        several = len({step.kernel.name for step in self._program.launches}) > 1
        name = self._block_names.fresh(
            f"{base}_kernel_{len(self.kernels) + 1}" if several else f"{base}_kernel"
        )
        kernel = standalone(
            launch, name, self._sizes, self._program.values, self._element_name, self._block_names
        )
        self.kernels.append(kernel)
        return kernel, kernel.arguments

    def _given(self, kernel: StandaloneKernel, launch: Launch) -> list[tuple[str, ast.expr]] | None:
        """What ``kernel`` is given in another launch of the same, or None where it does not fit."""
        if kernel.launch.kernel.name != launch.kernel.name:
            return None
        given = []
        for name, value in kernel.arguments:
            texts = {ast.unparse(launch.arguments[o]) for o in kernel.origins[name] if o in launch.arguments}
            if len(texts) > 1:
                return None
            if texts:
                value = parsed(texts.pop())
                if not name.endswith("_ptr"):
                    value = self._sizes.renamed(self._program.values.get(ast.unparse(value), value))
            given.append((name, value))
        held = [name for name in launch.arguments if name.endswith("numel")]
        same = all(
            ast.unparse(self._extent(launch, n)) == ast.unparse(self._extent(kernel.launch, n)) for n in held
        )
        return given if same else None

    def _extent(self, launch: Launch, parameter: str) -> ast.expr:
        given = launch.arguments[parameter]
        return self._sizes.renamed(self._program.values.get(ast.unparse(given), given))

    def _contiguous(self) -> list[str]:
        """The tensors that kernels read, contiguous unless a kernel is given their strides."""
        lines = []
        for leaf in self._traced.leaves:
            if leaf not in self._read:
                continue
            kept = (self._traced.strided and not leaf.value.is_contiguous()) or not leaf.value.ndim
            if not kept:
                lines.append(f"{leaf.name} = {leaf.path}.contiguous()")
            elif leaf.path != leaf.name:
                lines.append(f"{leaf.name} = {leaf.path}")
        return lines

    def _definitions(self) -> list[str]:
        lines = []
        parts = []
        groups: dict[str, dict[int, str]] = {}
        for name, origin in self._sizes.definitions():
            if origin.what == "size":
                groups.setdefault(origin.leaf.path, {})[origin.dimension] = name
            else:
                (parts if origin.what in ("part", "count") else lines).append(f"{name} = {origin.expression}")
        for path, dimensions in groups.items():
            ndim = next(leaf.value.ndim for leaf in self._traced.leaves if leaf.path == path)
            if len(dimensions) == ndim and ndim > 1:
                lines.insert(0, f"{', '.join(dimensions[d] for d in range(ndim))} = {path}.shape")
            else:
                lines += [f"{name} = {path}.shape[{d}]" for d, name in sorted(dimensions.items())]
        return lines + parts

    def _returned(self, result: Any) -> str:
        if isinstance(result, Output):
            return ast.unparse(self._expression(self._program.outputs[result.number]))
        if isinstance(result, dict):
            return (
                "{"
                + ", ".join(f"{_quoted(key)}: {self._returned(part)}" for key, part in result.items())
                + "}"
            )
        parts = [self._returned(part) for part in result]
        if isinstance(result, list):
            return f"[{', '.join(parts)}]"
        return f"({parts[0]},)" if len(parts) == 1 else ", ".join(parts)


def _quoted(key: Any) -> str:
    return f'"{key}"' if isinstance(key, str) and key.isidentifier() else repr(key)


def _default(parameter: inspect.Parameter) -> str:
    value = parameter.default
    if _is_plain(value):
        return repr(value)
    if str(value).startswith("torch."):
        return str(value)
    raise Unsupported("default", f"the default of the parameter `{parameter.name}` cannot be written down")


def _is_plain(value: Any) -> bool:
    parts = value if type(value) in (tuple, list) else [value]
    return all(part is None or type(part) in _PLAIN_ANNOTATIONS for part in parts)


def _base(expression: ast.expr) -> str | None:
    while isinstance(expression, ast.Call) and expression.args:
        expression = expression.args[0]
    return expression.id if isinstance(expression, ast.Name) else None
