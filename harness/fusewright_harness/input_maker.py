"""Where a pair's inputs come from: its main block, ``get_test_inputs``, or ``get_inputs`` and ``get_init_inputs``."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import torch

from fusewright_harness.call import Arguments, finish, map_tensors
from fusewright_harness.faults import Fault, fault_from_exception
from fusewright_harness.loader import entry_point
from fusewright_harness.main_block import run_main_block
from fusewright_harness.reduction import DECLARED, reduced


class InputMaker:
    """Makes one pair's inputs, as often as it is asked.

    ``function`` is the reference, which a main block may wrap and which is an instance where it was a class.
    """

    def __init__(
        self,
        device: torch.device,
        pair: dict[str, Any],
        python: types.ModuleType,
        test: types.ModuleType | None,
        function: Callable[..., Any],
    ) -> None:
        self.function = function
        self.init: Arguments | None = None
        """What the module was built with, once it has been."""
        self.named: str | None = None
        """The TRITON function that the main block handed over last, where it did."""
        self._device = device
        self._pair = pair
        self._file = pair["file"]
        self._python = python
        self._test = test

    def make(self) -> Arguments:
        """New inputs, on the device. Raises :class:`Fault` where the pair's code fails or gives none."""
        if self._pair["inputs"] == "main":
            recording = run_main_block(
                self._pair["main"],
                self._file,
                self._python,
                self._test,
                self._pair["triton_names"],
                self.function,
            )
            arguments, self.function, self.named = (
                recording.arguments,
                recording.reference,
                recording.candidate,
            )
        elif self._pair["entry"]["convention"] == "modules":
            # By this convention inputs and parameters are made on the CPU, and moved by whoever judges.
            arguments = self._call("get_inputs")
            if self._device.type == "cuda":
                moved = map_tensors(arguments.as_value(), lambda tensor: tensor.to(self._device))
                arguments = Arguments.from_value(moved)
            if not isinstance(self.function, torch.nn.Module):
                # Built once: all seeds' inputs meet the same secret parameters.
                self.init = self._call("get_init_inputs", optional=True)
                self.function = self._build_module(self.init)
        else:
            arguments = self._call("get_test_inputs")
        if not arguments.positional and not arguments.named:
            raise Fault("test", "inputs", "NoInputs", "the inputs are empty: there is nothing to compare")
        return arguments

    def made_smaller(self, arguments: Arguments, plan: int) -> tuple[Arguments, dict[str, int]]:
        """The inputs by a plan of :mod:`reduction`, and what was made of which size; nothing where there is no such."""
        fixed: set[int] = set()
        if isinstance(self.function, torch.nn.Module):
            # What parameters are as large as cannot be changed in the inputs alone.
            tensors = [*self.function.parameters(), *self.function.buffers()]
            fixed = {size for tensor in tensors for size in tensor.shape}
        made = reduced(arguments.as_value(), plan, fixed) if plan != DECLARED else None
        if made is None:
            return arguments, {}
        value, names = made
        return Arguments.from_value(value), {str(old): new for old, new in names.items()}

    def _call(self, name: str, optional: bool = False) -> Arguments:
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
        try:
            module = init.call(entry_point(self._python, self._pair["entry"]["reference"], "pytorch"))
            return module.to(self._device) if self._device.type == "cuda" else module
        except Exception as error:
            raise fault_from_exception(error, "pytorch", "run", self._file) from error
