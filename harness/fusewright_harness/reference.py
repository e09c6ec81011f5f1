"""The reference's role: it runs PYTHON and TEST, makes the inputs and says what they should give."""

from __future__ import annotations

import copy
import types
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import Any

import torch

from fusewright_harness.call import Arguments, finish, map_tensors
from fusewright_harness.census import count
from fusewright_harness.contents import measured_whole
from fusewright_harness.examination import (
    asks_for_special,
    input_facts,
    only_computed_with,
    trace_facts,
    unused_inputs,
    work_facts,
)
from fusewright_harness.faults import Fault, fault_from_exception, out_of_memory
from fusewright_harness.intact import Intact
from fusewright_harness.loader import entry_point, load_block
from fusewright_harness.main_block import Recording, run_main_block
from fusewright_harness.mixing import mix
from fusewright_harness.operators import OperatorWatch, summary
from fusewright_harness.reduction import DECLARED, reduced
from fusewright_harness.seeds import SecretSeeds
from fusewright_harness.stopwatch import VERBS, Stopwatch
from fusewright_harness.torch_compile import NotCompiled, compile_reference
from fusewright_harness.transfer import Sent, clone_value, send_value, without_modes
from fusewright_harness.values import Untransferable, take_apart
from fusewright_harness.variants import (
    all_variants,
    attempts,
    has_constants,
    one_by_one,
    with_drawn_constants,
)

_BORDER_PATTERNS = 3
_BORDER_STEPS = {2: (1.0, 3.0), 4: (4.0, 12.0), 8: (4.0, 12.0)}
"""How far inputs are moved to find borders, in units of their rounding error, by the bytes of their dtype. Kernels
compute in float32 what came in 16 bits, so those move less."""

_HALF_A_STEP = {2: (0.0, 0.5)}
"""How far numbers of 16 bits are moved to see what their own rounding does; the others stay."""
_MOVED_RUNS = 3

_LESS_FINITE = 0.01

# Bound before any code of the pair is loaded, which may replace them in torch's namespace.
_Generator = torch.Generator
_rand = torch.rand


class Reference:
    """Answers the judge for the PYTHON and TEST blocks. Lives in a process of its own."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._seeds = SecretSeeds()
        self._seeds.install()
        self._stopwatch = Stopwatch.on(device)
        self._file = ""
        self._pair: dict[str, Any] = {}
        self._python: types.ModuleType | None = None
        self._test: types.ModuleType | None = None
        self._function: Callable[..., Any] | None = None
        self._inputs: list[Any] = []
        self._intact = Intact("pytorch")
        self._made_with: dict[str, Any] = {}
        self._variant: tuple[dict[str, Any], dict[str, Any]] = {}, {}
        self._timing: Callable[..., Any] | None = None
        self._compiled: Callable[..., Any] | None = None
        self._finite = -1.0
        self._stepwise = False

    def handle(
        self, verb: str, message: dict[str, Any], _descriptors: list[int]
    ) -> tuple[dict[str, Any], Sent | None]:
        """Answers one of the judge's verbs: load, inputs, expected, moved, variants, census, the stopwatch's."""
        if verb == "load":
            return self._load(message["pair"], message["seed"]), None
        if verb == "inputs":
            return self._make_inputs(message["seed"], message.get("plan", DECLARED))
        if verb == "expected":
            return self._expected(
                self._inputs[message["index"]],
                salt=message["index"] + 1 if message["stir"] else 0,
                watched=bool(message.get("watch")),
            )
        if verb == "moved":
            return {}, self._moved(self._inputs[message["index"]])
        if verb == "examine":
            return self._examine(message["index"]), None
        if verb == "variants":
            return {"variants": self._variants(self._inputs[message["index"]], message["reduced"])}, None
        if verb == "variant":
            return self._vary(self._inputs[message["index"]], message["variant"])
        if verb == "variant_expected":
            return self._variant[0], self._send(self._variant[1], "pytorch", "run", "the reference returned")
        if verb == "mix":
            first, second, seed = message["content"]
            mixture = mix(self._inputs[first].as_value(), self._inputs[second].as_value(), seed)
            self._inputs.append(Arguments.from_value(mixture))
            return {"index": len(self._inputs) - 1}, None
        if verb == "census":
            return self._census(), None
        if verb == "compile":
            return self._compile(), None
        if verb == "forget":
            self._inputs[: message["below"]] = [None] * message["below"]
            self._stopwatch.rest()
            return {}, None
        if verb == "rest":
            self._stopwatch.rest()
            return {}, None
        if verb in VERBS:
            return self._timed(verb, message), None
        raise ValueError(f"the reference knows no verb {verb!r}")

    def _load(self, pair: dict[str, Any], seed: int) -> dict[str, Any]:
        self._pair = pair
        self._file = pair["file"]
        self._seeds.install_for_cuda()
        self._seeds.draw(seed)
        self._intact.begin(self._file)
        self._python = load_block(pair["python"], self._file, "pytorch")
        self._function = entry_point(self._python, pair["entry"]["reference"], "pytorch")
        self._intact.protect("the PYTHON block", self._python)
        if pair.get("test"):
            self._test = load_block(pair["test"], self._file, "test")
        self._intact.require()
        return {}

    def _make_inputs(self, seed: int, plan: int) -> tuple[dict[str, Any], Sent]:
        self._seeds.draw(seed)
        answer: dict[str, Any] = {}
        init: Arguments | None = None
        if self._pair["inputs"] == "main":
            recording = self._record_main_block()
            arguments, self._function = recording.arguments, recording.reference
            answer["candidate"] = recording.candidate
        elif self._pair["entry"]["convention"] == "modules":
            # By this convention inputs and parameters are made on the CPU, and moved by whoever judges.
            arguments = self._call_for_arguments("get_inputs")
            if self._device.type == "cuda":
                moved = map_tensors(arguments.as_value(), lambda tensor: tensor.to(self._device))
                arguments = Arguments.from_value(moved)
            if not isinstance(self._function, torch.nn.Module):
                # Built once: all seeds' inputs meet the same secret parameters.
                init = self._call_for_arguments("get_init_inputs", optional=True)
                self._function = self._build_module(init)
        else:
            arguments = self._call_for_arguments("get_test_inputs")
        if not arguments.positional and not arguments.named:
            raise Fault("test", "inputs", "NoInputs", "the inputs are empty: there is nothing to compare")
        if plan != DECLARED:
            arguments, answer["smaller"] = self._made_smaller(arguments, plan)
        self._inputs.append(arguments)
        value: dict[str, Any] = {"arguments": arguments.as_value()}
        if init is not None:
            self._made_with = {"init": init.as_value(), "state": dict(self._function.state_dict())}
            value |= self._made_with
        sent = self._send(value, "test", "inputs", "the inputs hold")
        answer["facts"] = input_facts(arguments.as_value())
        return answer, sent

    def _made_smaller(self, arguments: Arguments, plan: int) -> tuple[Arguments, dict[str, int]]:
        """The inputs by a plan of :mod:`reduction`, and what was made of which size; nothing where there is no such."""
        fixed: set[int] = set()
        if isinstance(self._function, torch.nn.Module):
            # What parameters are as large as cannot be changed in the inputs alone.
            tensors = [*self._function.parameters(), *self._function.buffers()]
            fixed = {size for tensor in tensors for size in tensor.shape}
        made = reduced(arguments.as_value(), plan, fixed)
        if made is None:
            return arguments, {}
        value, names = made
        return Arguments.from_value(value), {str(old): new for old, new in names.items()}

    def _examine(self, index: int) -> dict[str, Any]:
        """What the reference's calls tell of the task; the judge rules on it."""
        inputs = self._inputs[index]
        others = next((other for other in self._inputs if other is not None and other is not inputs), None)

        # A module's gate that begins at zero is no sign of idle work.
        function = self._with_drawn_constants() or self._function

        def call(arguments: Arguments) -> Any:
            return self._run(function, arguments)

        with _full_precision():
            work = work_facts(call, inputs, self._file)
            self._intact.require()
            return {"work": work, "unused": unused_inputs(call, inputs, others)}

    def _record_main_block(self) -> Recording:
        assert self._python is not None  # Set by `load`.
        assert self._function is not None
        return run_main_block(
            self._pair["main"],
            self._file,
            self._python,
            self._test,
            self._pair["triton_names"],
            self._function,
        )

    def _call_for_arguments(self, name: str, optional: bool = False) -> Arguments:
        for module in (self._test, self._python):
            function = module.__dict__.get(name) if module else None
            if callable(function):
                try:
                    given = function()
                    finish(self._device)
                    return Arguments.of(given)
                except BaseException as error:
                    raise fault_from_exception(error, "test", "inputs", self._file) from error
        if optional:
            return Arguments((), {})
        raise Fault("test", "inputs", "NoInputs", f"`{name}()` is not there once the TEST block has run")

    def _build_module(self, init: Arguments) -> torch.nn.Module:
        assert self._python is not None  # Set by `load`.
        try:
            module = init.call(entry_point(self._python, self._pair["entry"]["reference"], "pytorch"))
            return module.to(self._device) if self._device.type == "cuda" else module
        except Exception as error:
            raise fault_from_exception(error, "pytorch", "run", self._file) from error

    def _expected(
        self, inputs: Arguments, salt: int = 0, watched: bool = False
    ) -> tuple[dict[str, Any], Sent]:
        answer, value = self._evaluate(inputs, salt, watched)
        return answer, self._send(value, "pytorch", "run", "the reference returned")

    def _variants(self, inputs: Arguments, reduced: bool) -> list[dict[str, Any]]:
        """The variants to try of ``inputs``; of a module's constant parameters too."""
        value = inputs.as_value()
        found = all_variants(value, reduced, self._only_computes(inputs), self._asks_for_special(inputs))
        if self._made_with and has_constants(self._made_with["state"]):
            found.insert(0, {"kind": "parameters", "base": {}})
        return found

    def _only_computes(self, inputs: Arguments) -> bool:
        """Whether whole numbers are only computed with, and neither index nor count anything."""
        _tree, tensors = take_apart(inputs.as_value())
        if not any(measured_whole(tensor) for tensor in tensors):
            return False
        return self._holds(only_computed_with, inputs)

    def _asks_for_special(self, inputs: Arguments) -> bool:
        """Whether the reference has an answer for NaN and infinity; looked for only where its text speaks of them."""
        code = self._pair["python"]["code"]
        return ("nan" in code or "isinf" in code) and self._holds(asks_for_special, inputs)

    def _holds(self, question: Callable[..., bool], inputs: Arguments) -> bool:
        """What a question about the reference's call is answered; no where the call fails."""
        try:
            return question(lambda arguments: self._run(self._function, arguments), inputs, self._file)
        except Fault as fault:
            if fault.stage == "trust":
                raise
            return False

    def _vary(self, inputs: Arguments, variant: dict[str, Any]) -> tuple[dict[str, Any], Sent | None]:
        """Makes the inputs of a variant, and what they should give; nothing where the reference has no answer."""
        if variant["kind"] == "parameters":
            return self._vary_parameters(inputs)
        for attempt in attempts(inputs.as_value(), variant, self._stepwise):
            varied = Arguments.from_value(attempt)
            try:
                answer, value = self._evaluate(varied, salt=1)
            except Fault as fault:
                if fault.stage == "trust":
                    raise
                continue
            if _finite(value) < self._finite - _LESS_FINITE:
                continue
            self._variant = answer, value
            sent = {"arguments": varied.as_value(), **self._made_with}
            fields = {"one_by_one": one_by_one(inputs.as_value(), variant)}
            return fields, self._send(sent, "test", "inputs", "the inputs hold")
        return {}, None

    def _with_drawn_constants(self) -> torch.nn.Module | None:
        """A copy of the module with random numbers for its constant parameters; None where there are none."""
        if not self._made_with or not has_constants(self._made_with["state"]):
            return None
        drawn = copy.deepcopy(self._function)
        try:
            drawn.load_state_dict(with_drawn_constants(drawn.state_dict()))
        except RuntimeError:
            return None
        return drawn

    def _vary_parameters(self, inputs: Arguments) -> tuple[dict[str, Any], Sent | None]:
        """The same inputs to a copy of the module whose constant parameters are drawn."""
        plain, drawn = self._function, self._with_drawn_constants()
        if drawn is None:
            return {}, None
        self._function, state = drawn, dict(drawn.state_dict())
        try:
            answer, value = self._evaluate(inputs, salt=1)
        except Fault as fault:
            if fault.stage == "trust":
                raise
            return {}, None
        finally:
            self._function = plain
        if _finite(value) < self._finite - _LESS_FINITE:
            return {}, None
        self._variant = answer, value
        sent = {"arguments": inputs.as_value(), "init": self._made_with["init"], "state": state}
        return {}, self._send(sent, "test", "inputs", "the inputs hold")

    def _evaluate(
        self, inputs: Arguments, salt: int = 0, watched: bool = False
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What ``inputs`` should give: the declared run, the one in float64, and where they are near a border.

        With a ``salt`` it is run again with other random state; a ``watched`` run tells its operators.
        """
        arguments = Arguments.from_value(clone_value(inputs.as_value()))
        answer: dict[str, Any] = {}
        with _full_precision():
            if watched:
                operators = OperatorWatch(self._file)
                with operators.host_mode(), operators:
                    result = self._run(self._function, arguments)
                with without_modes(), suppress(Untransferable):
                    # What cannot be taken apart is refused when it is sent.
                    operators.returned(take_apart((result, arguments.as_value()))[1])
                answer["operators"] = summary(operators.trace)
                answer["work"] = trace_facts(operators.trace, inputs)
                del operators
            else:
                result = self._run(self._function, arguments)
            value = {"declared": result, "after": arguments.as_value(), "float64": None, "borders": []}
            unchanged = _unchanged(inputs, arguments)
            double = self._in_float64(inputs)
            if double is not None:
                if all(unchanged):
                    # Nothing was computed there, and inputs in float64 are large.
                    double["after"] = None
                value["float64"] = double
                if _has_steps(result):
                    value["borders"] = self._borders(inputs)
            if salt:
                again = Arguments.from_value(clone_value(inputs.as_value()))
                self._seeds.stir(salt)
                value["again"] = self._run(self._function, again)
        self._intact.require()
        answer["unchanged"] = unchanged
        if self._finite < 0:
            self._finite, self._stepwise = _finite(value), _has_steps(result)
        return answer, value

    def _run(self, function: Any, arguments: Arguments) -> Any:
        try:
            result = arguments.call(function)
            finish(self._device)
            return result
        except BaseException as error:
            self._intact.require()
            raise fault_from_exception(error, "pytorch", "run", self._file) from error

    def _borders(self, inputs: Arguments) -> list[Any]:
        """Float64 runs on moved inputs: elements of stepwise outputs that differ among them lie on a border.

        Each pattern is tried in both directions, so that what depends on one input moves either way; patterns differ,
        so that what depends on several (a value over its row's largest, say) moves in one of them.
        """
        runs = [
            self._in_float64(inputs, pattern, direction)
            for pattern in range(_BORDER_PATTERNS)
            for direction in (1.0, -1.0)
        ]
        return [
            {
                "result": map_tensors(
                    run["result"], lambda tensor: tensor if _steps(tensor) else tensor.new_empty(0)
                )
            }
            for run in runs
            if run is not None
        ]

    def _moved(self, inputs: Arguments) -> Sent:
        """Float64 runs on inputs of 16 bits that are moved by what rounding to 16 bits may have moved them."""
        with _full_precision():
            runs = [self._in_float64(inputs, pattern, 1.0, _HALF_A_STEP) for pattern in range(_MOVED_RUNS)]
        self._intact.require()
        moved = [run["result"] for run in runs if run is not None]
        return self._send({"moved": moved}, "pytorch", "run", "the reference returned")

    def _in_float64(
        self,
        inputs: Arguments,
        pattern: int = 0,
        direction: float = 0.0,
        steps: dict[int, tuple[float, float]] = _BORDER_STEPS,
    ) -> Any:
        """The result and the arguments afterwards, computed in float64, or None where that cannot be done.

        With a ``direction`` every floating input is moved by some of its own rounding errors, this way or the other as
        ``pattern`` has it, and by as many as ``steps`` says for its bytes.
        """
        generator = _Generator(self._device)
        generator.manual_seed(17 + pattern)

        def widen(tensor: torch.Tensor) -> torch.Tensor:
            with without_modes(), torch.no_grad():
                if not tensor.is_floating_point():
                    return tensor.clone()
                wide = tensor.detach().to(torch.float64)
                if direction and tensor.dtype.itemsize in steps:
                    low, high = steps[tensor.dtype.itemsize]
                    draw = _rand(wide.shape, generator=generator, dtype=wide.dtype, device=self._device)
                    draw = 2 * draw.to(wide.device) - 1
                    step = draw.sign() * (low + (high - low) * draw.abs())
                    wide = wide * (1 + direction * step * torch.finfo(tensor.dtype).eps)
                return wide

        default = torch.get_default_dtype()
        try:
            # An alias between two inputs is lost here; a reference that needs it falls back to the declared run.
            arguments = Arguments.from_value(map_tensors(inputs.as_value(), widen))
            function: Any = self._function
            if isinstance(function, torch.nn.Module):
                function = copy.deepcopy(function).double()
            torch.set_default_dtype(torch.float64)
            result = arguments.call(function)
            finish(self._device)
            take_apart(result)
            return {"result": result, "after": arguments.as_value()}
        except Exception:
            # Too little memory, explicit casts, views of bits, operators without float64: the declared run counts.
            return None
        finally:
            torch.set_default_dtype(default)

    def _census(self) -> dict[str, Any]:
        arguments = Arguments.from_value(clone_value(self._inputs[-1].as_value()))
        extra: list[torch.Tensor] = []
        if isinstance(self._function, torch.nn.Module):
            extra = [*self._function.parameters(), *self._function.buffers()]
        try:
            with torch.no_grad():
                return count(self._function, arguments.positional, arguments.named, extra)
        except Exception:
            # Not every reference can be looked at operator by operator; then nothing is known of its work.
            return {}

    def _compile(self) -> dict[str, Any]:
        inputs = next(inputs for inputs in self._inputs if inputs is not None)
        assert self._function is not None  # There are inputs, so the blocks were loaded.
        try:
            self._compiled = compile_reference(self._function, inputs.as_value(), self._device)
        except NotCompiled as why:
            return {"problem": str(why)}
        return {}

    def _timed(self, verb: str, message: dict[str, Any]) -> dict[str, Any]:
        try:
            if verb == "prepare":
                inputs = [arguments and arguments.as_value() for arguments in self._inputs]
                self._timing = self._compiled if message.get("compiled") else self._function
                return self._stopwatch.prepare(inputs, message)
            return self._stopwatch.go(self._timing)
        except torch.cuda.OutOfMemoryError as error:
            # It ran before; what is lacking now is room for the copies that timing takes.
            raise out_of_memory() from error
        except Exception as error:
            raise fault_from_exception(error, "pytorch", "timing", self._file) from error

    def _send(self, value: Any, implementation: str, stage: str, what: str) -> Sent:
        try:
            return send_value(value)
        except Untransferable as error:
            raise Fault(implementation, stage, "Untransferable", f"{what} {error}") from error


def _unchanged(before: Arguments, after: Arguments) -> list[bool]:
    with without_modes(), torch.no_grad():
        _tree, old = take_apart(before.as_value())
        _tree, new = take_apart(after.as_value())
        return [
            a.shape == b.shape and torch.allclose(a, b, rtol=0, atol=0, equal_nan=True)
            for a, b in zip(old, new, strict=True)
        ]


def _finite(value: dict[str, Any]) -> float:
    """The share of finite numbers in what the declared run gave."""
    with without_modes(), torch.no_grad():
        # Where nothing is returned, what was changed in place is the result.
        _tree, tensors = take_apart(value["declared"])
        tensors = tensors or take_apart(value["after"])[1]
        numbers = [tensor for tensor in tensors if tensor.numel() and tensor.is_floating_point()]
        finite = sum(int(torch.isfinite(tensor.float()).sum()) for tensor in numbers)
        return finite / max(1, sum(tensor.numel() for tensor in numbers)) if numbers else 1.0


def _has_steps(result: Any) -> bool:
    _tree, tensors = take_apart(result)
    return any(_steps(tensor) for tensor in tensors)


def _steps(tensor: torch.Tensor) -> bool:
    """Whether a tensor's values are steps: integers, booleans, or float8, whose steps are as coarse."""
    return not (tensor.is_floating_point() or tensor.is_complex()) or tensor.dtype.itemsize == 1


@contextmanager
def _full_precision() -> Any:
    """Switches TF32 off, which eager convolution uses by default: an exact candidate would seem wrong beside it."""
    saved = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = saved
