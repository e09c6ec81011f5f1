"""The reference's role: it runs PYTHON and TEST, makes the inputs and says what they should give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fusewright_harness.call import Arguments, finish
from fusewright_harness.census import count
from fusewright_harness.examination import input_facts, unused_inputs, work_facts
from fusewright_harness.faults import Fault, fault_from_exception, out_of_memory
from fusewright_harness.input_maker import InputMaker
from fusewright_harness.intact import Intact
from fusewright_harness.loader import entry_point, load_block
from fusewright_harness.mixing import mix
from fusewright_harness.reduction import DECLARED
from fusewright_harness.reference_runs import ReferenceRuns, full_precision
from fusewright_harness.reference_variants import ReferenceVariants, Varied
from fusewright_harness.seeds import SecretSeeds
from fusewright_harness.stopwatch import VERBS, Stopwatch
from fusewright_harness.torch_compile import NotCompiled, compile_reference
from fusewright_harness.transfer import Sent, clone_value, send_value
from fusewright_harness.values import Untransferable, take_apart

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
        self._runs = ReferenceRuns(device, self._seeds, self._intact)
        self._made_with: dict[str, Any] = {}
        self._varied: Varied | None = None
        self._timing: Callable[..., Any] | None = None
        self._compiled: Callable[..., Any] | None = None

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
            moved = self._runs.moved(self._function, self._inputs[message["index"]])
            return {}, self._send_result({"moved": moved})
        if verb == "nudged":
            return {}, self._nudged(message["index"])
        if verb == "examine":
            return self._examine(message["index"]), None
        if verb == "variants":
            variants = self._variants(asking=message.get("asking", True))
            offered = variants.offered(self._inputs[message["index"]], message["reduced"])
            finish(self._device)
            return {"variants": offered}, None
        if verb == "variant":
            inputs = self._inputs[message["index"]]
            other = self._drawn_alike(inputs) if message.get("another") else inputs
            return self._vary(other, message["variant"]) if other is not None else ({}, None)
        if verb == "variant_expected":
            assert self._varied is not None  # The judge asks after the variant.
            return self._varied.answer, self._send_result(self._varied.value)
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
        self._file = self._runs.file = pair["file"]
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
        sent = self._send_inputs(value)
        answer["facts"] = input_facts(arguments.as_value())
        return answer, sent

    def _examine(self, index: int) -> dict[str, Any]:
        """What the reference's calls tell of the task; the judge rules on it."""
        inputs = self._inputs[index]
        drawn = [other for other in self._inputs if other is not None and other is not inputs]

        # A module's gate that begins at zero is no sign of idle work.
        function = self._variants().with_drawn_constants() or self._function

        def call(arguments: Arguments) -> Any:
            return self._runs.run(function, arguments)

        with full_precision():
            work = work_facts(call, inputs, self._file, drawn[:_MOST_DRAWS])
            self._intact.require()
            unused = unused_inputs(call, inputs, drawn[0] if drawn else None)
        # A call whose failure was an answer may have ended CUDA here, and that is to show now.
        finish(self._device)
        return {"work": work, "unused": unused}

    def _expected(
        self, inputs: Arguments, salt: int = 0, watched: bool = False
    ) -> tuple[dict[str, Any], Sent]:
        answer, value = self._runs.evaluate(self._function, inputs, salt, watched)
        return answer, self._send_result(value)

    def _variants(self, asking: bool = True) -> ReferenceVariants:
        assert self._function is not None  # There are inputs, so the blocks were loaded.
        code = self._pair["python"]["code"]
        return ReferenceVariants(self._runs, self._function, self._made_with, code, asking)

    def _drawn_alike(self, inputs: Arguments) -> Arguments | None:
        """Another draw of the inputs, with the same layout; None where there is none."""
        wanted = _layout(inputs)
        others = (other for other in self._inputs if other is not None and other is not inputs)
        return next((other for other in others if _layout(other) == wanted), None)

    def _vary(self, inputs: Arguments, variant: dict[str, Any]) -> tuple[dict[str, Any], Sent | None]:
        """Makes the inputs of a variant, and what they should give; nothing where the reference has no answer."""
        varied = self._variants().made(inputs, variant)
        if varied is None:
            return {}, None
        self._varied = varied
        return varied.fields, self._send_inputs(varied.sent)

    def _nudged(self, index: int | None) -> Sent:
        """Runs with rounding errors of their own: on a seed's inputs, or on those of the last variant.

        In a variant equal numbers come in any order, for it may have made them equal.
        """
        if index is not None:
            function, inputs = self._function, self._inputs[index]
        else:
            assert self._varied is not None  # The judge asks after the variant.
            function, inputs = self._varied.function, self._varied.inputs
        runs = self._runs.nudged(function, inputs, ties=index is None)
        return self._send_result({"nudged": runs})

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

    def _send_inputs(self, value: Any) -> Sent:
        return self._send(value, "test", "inputs", "the inputs hold")

    def _send_result(self, value: Any) -> Sent:
        return self._send(value, "pytorch", "run", "the reference returned")

    def _send(self, value: Any, implementation: str, stage: str, what: str) -> Sent:
        try:
            return send_value(value)
        except Untransferable as error:
            raise Fault(implementation, stage, "Untransferable", f"{what} {error}") from error


def _layout(inputs: Arguments) -> Any:
    """What arguments are but for their contents: structure, numbers beside tensors, dtypes and shapes."""
    tree, tensors = take_apart(inputs.as_value())
    return tree, [(tensor.dtype, tuple(tensor.shape)) for tensor in tensors]
