"""The reference's role: it runs PYTHON and TEST, makes the inputs and says what they should give."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import torch

from fusewright_harness.call import Arguments, finish
from fusewright_harness.call_trace import summary
from fusewright_harness.census import count
from fusewright_harness.codes import asked_codes
from fusewright_harness.contents import measured_whole
from fusewright_harness.exact import border_runs, has_steps, in_float64, moved_runs, nudged_runs
from fusewright_harness.examination import input_facts, unused_inputs, work_facts
from fusewright_harness.fair_variants import asks_for_special, only_computed_with, shares
from fusewright_harness.faults import Fault, fault_from_exception, out_of_memory
from fusewright_harness.index_ranges import index_ranges
from fusewright_harness.input_maker import InputMaker
from fusewright_harness.intact import Intact
from fusewright_harness.loader import entry_point, load_block
from fusewright_harness.mixing import mix
from fusewright_harness.operators import OperatorWatch
from fusewright_harness.options import words_of
from fusewright_harness.rankings import ranked_outputs
from fusewright_harness.reduction import DECLARED
from fusewright_harness.seeds import SecretSeeds
from fusewright_harness.stopwatch import VERBS, Stopwatch
from fusewright_harness.torch_compile import NotCompiled, compile_reference
from fusewright_harness.trace_facts import trace_facts
from fusewright_harness.transfer import Sent, clone_value, send_value, without_modes
from fusewright_harness.values import Untransferable, take_apart
from fusewright_harness.variants import (
    all_variants,
    attempts,
    confirming,
    has_constants,
    with_drawn_constants,
)

_Answer = TypeVar("_Answer")
_LESS_FINITE = 0.01
_MOST_DRAWS = 2


class Reference:
    """Answers the judge for the PYTHON and TEST blocks. Lives in a process of its own."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._seeds = SecretSeeds()
        self._seeds.install()
        self._stopwatch = Stopwatch.on(device)
        self._file = ""
        self._pair: dict[str, Any] = {}
        self._maker: InputMaker | None = None
        self._function: Callable[..., Any] | None = None
        self._inputs: list[Any] = []
        self._intact = Intact("pytorch")
        self._made_with: dict[str, Any] = {}
        self._variant: tuple[dict[str, Any], dict[str, Any]] = {}, {}
        self._varied: tuple[Any, Arguments] | None = None
        self._timing: Callable[..., Any] | None = None
        self._compiled: Callable[..., Any] | None = None
        self._finite = -1.0
        self._stepwise = False

    def handle(
        self, verb: str, message: dict[str, Any], _descriptors: list[int]
    ) -> tuple[dict[str, Any], Sent | None]:
        """Answers one of the judge's verbs: load, inputs, expected, its kinds, variants, census, the stopwatch's."""
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
        if verb == "nudged":
            return {}, self._nudged(message["index"])
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
        python = load_block(pair["python"], self._file, "pytorch")
        self._function = entry_point(python, pair["entry"]["reference"], "pytorch")
        self._intact.protect("the PYTHON block", python)
        test = load_block(pair["test"], self._file, "test") if pair.get("test") else None
        self._maker = InputMaker(self._device, pair, python, test, self._function)
        self._intact.require()
        return {}

    def _make_inputs(self, seed: int, plan: int) -> tuple[dict[str, Any], Sent]:
        assert self._maker is not None  # Set by `load`.
        self._seeds.draw(seed)
        answer: dict[str, Any] = {}
        arguments = self._maker.make()
        if plan != DECLARED:
            arguments, answer["smaller"] = self._maker.made_smaller(arguments, plan)
        self._function, answer["candidate"] = self._maker.function, self._maker.named
        self._inputs.append(arguments)
        value: dict[str, Any] = {"arguments": arguments.as_value()}
        if self._maker.init is not None and not self._made_with:
            state = dict(self._function.state_dict())
            self._made_with = {"init": self._maker.init.as_value(), "state": state}
            value |= self._made_with
        sent = self._send(value, "test", "inputs", "the inputs hold")
        answer["facts"] = input_facts(arguments.as_value())
        return answer, sent

    def _examine(self, index: int) -> dict[str, Any]:
        """What the reference's calls tell of the task; the judge rules on it."""
        inputs = self._inputs[index]
        drawn = [other for other in self._inputs if other is not None and other is not inputs]

        # A module's gate that begins at zero is no sign of idle work.
        function = self._with_drawn_constants() or self._function

        def call(arguments: Arguments) -> Any:
            return self._run(function, arguments)

        with _full_precision():
            work = work_facts(call, inputs, self._file, drawn[:_MOST_DRAWS])
            self._intact.require()
            return {"work": work, "unused": unused_inputs(call, inputs, drawn[0] if drawn else None)}

    def _expected(
        self, inputs: Arguments, salt: int = 0, watched: bool = False
    ) -> tuple[dict[str, Any], Sent]:
        answer, value = self._evaluate(inputs, salt, watched)
        return answer, self._send(value, "pytorch", "run", "the reference returned")

    def _variants(self, inputs: Arguments, reduced: bool) -> list[dict[str, Any]]:
        """The variants to try of ``inputs``; of a module's constant parameters too."""
        value = inputs.as_value()
        found = all_variants(
            value,
            reduced,
            whole_numbers=self._only_computes(inputs),
            special=self._asks_for_special(inputs),
            words=words_of(self._pair["python"]["code"]),
            codes=self._ask(asked_codes, inputs, []),
            ranges=self._ask(index_ranges, inputs, {}),
            ranked=self._ask(ranked_outputs, inputs, None) is not None,
        )
        if any(variant["kind"] == "groups" for variant in found) and not self._ask(shares, inputs, True):
            found = [variant for variant in found if variant["kind"] != "groups"]
        if self._made_with and has_constants(self._made_with["state"]):
            found.insert(0, {"kind": "parameters", "base": {}})
        return found

    def _only_computes(self, inputs: Arguments) -> bool:
        """Whether whole numbers are only computed with, and neither index nor count anything."""
        _tree, tensors = take_apart(inputs.as_value())
        if not any(measured_whole(tensor) for tensor in tensors):
            return False
        return self._ask(only_computed_with, inputs, False)

    def _asks_for_special(self, inputs: Arguments) -> bool:
        """Whether the reference has an answer for NaN and infinity; looked for only where its text speaks of them."""
        code = self._pair["python"]["code"]
        return ("nan" in code or "isinf" in code) and self._ask(asks_for_special, inputs, False)

    def _ask(self, question: Callable[..., _Answer], inputs: Arguments, unknown: _Answer) -> _Answer:
        """What a question about the reference's call is answered; ``unknown`` where the call fails."""
        try:
            return question(lambda arguments: self._run(self._function, arguments), inputs, self._file)
        except Fault as fault:
            if fault.stage == "trust":
                raise
            return unknown

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
            if variant["kind"] == "tied":
                value["ranked"] = self._ask(ranked_outputs, varied, None) or []
            self._variant, self._varied = (answer, value), (self._function, varied)
            sent = {"arguments": varied.as_value(), **self._made_with}
            fields = {"confirming": confirming(inputs.as_value(), variant)}
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
        self._variant, self._varied = (answer, value), (drawn, inputs)
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
            double = in_float64(self._function, inputs, self._device)
            if double is not None:
                if all(unchanged):
                    # Nothing was computed there, and inputs in float64 are large.
                    double["after"] = None
                value["float64"] = double
                if has_steps(result):
                    value["borders"] = border_runs(self._function, inputs, self._device)
            if salt:
                again = Arguments.from_value(clone_value(inputs.as_value()))
                self._seeds.stir(salt)
                value["again"] = self._run(self._function, again)
        self._intact.require()
        answer["unchanged"] = unchanged
        if self._finite < 0:
            self._finite, self._stepwise = _finite(value), has_steps(result)
        return answer, value

    def _run(self, function: Any, arguments: Arguments) -> Any:
        try:
            result = arguments.call(function)
            finish(self._device)
            return result
        except BaseException as error:
            self._intact.require()
            raise fault_from_exception(error, "pytorch", "run", self._file) from error

    def _moved(self, inputs: Arguments) -> Sent:
        with _full_precision():
            moved = moved_runs(self._function, inputs, self._device)
        self._intact.require()
        return self._send({"moved": moved}, "pytorch", "run", "the reference returned")

    def _nudged(self, index: int | None) -> Sent:
        """Runs with rounding errors of their own: on a seed's inputs, or on those of the last variant.

        In a variant equal numbers come in any order, for it may have made them equal.
        """
        function, inputs = self._function, self._inputs[index] if index is not None else None
        if inputs is None:
            assert self._varied is not None  # The judge asks after the variant.
            function, inputs = self._varied
        with _full_precision():
            runs = nudged_runs(function, inputs, self._device, ties=index is None)
        self._intact.require()
        return self._send({"nudged": runs}, "pytorch", "run", "the reference returned")

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


@contextmanager
def _full_precision() -> Any:
    """Switches TF32 off, which eager convolution uses by default: an exact candidate would seem wrong beside it."""
    saved = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = saved
