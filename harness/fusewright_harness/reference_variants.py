"""The variants of a reference's inputs: which it has an answer for, and what that is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch

from fusewright_harness.asked_numbers import asked_numbers
from fusewright_harness.call import Arguments
from fusewright_harness.codes import asked_codes, ignored_whole
from fusewright_harness.constant_parameters import has_constants, with_drawn_constants
from fusewright_harness.contents import measured_whole
from fusewright_harness.divisors import divisors, kept_above_zero
from fusewright_harness.fair_variants import asks_for_special, only_computed_with, shares
from fusewright_harness.faults import Fault
from fusewright_harness.highest_bits import highest_bits
from fusewright_harness.index_ranges import index_ranges, repeatable
from fusewright_harness.lengths import lengths_of
from fusewright_harness.near_zero import (
    A_FEW_STEPS,
    FAR_BELOW_A_STEP,
    by_formulas,
    speaks_of_near_zero,
)
from fusewright_harness.options import words_of
from fusewright_harness.rankings import goes_by_rank, ranked_outputs
from fusewright_harness.reference_runs import ReferenceRuns, full_precision
from fusewright_harness.renaming import NoVariant
from fusewright_harness.rotations import even_sizes, kept_tables, tables_of
from fusewright_harness.shares import sums_of_no_account
from fusewright_harness.transfer import clone_value, without_modes
from fusewright_harness.triangles import kept_triangles, triangles_of
from fusewright_harness.values import take_apart
from fusewright_harness.variant_inputs import attempts
from fusewright_harness.variant_order import in_turn
from fusewright_harness.variants import Known, all_variants, confirming

_Answer = TypeVar("_Answer")
_ORDER_OF_SUMS = 1e-3


@dataclass(frozen=True)
class Varied:
    """Inputs of a variant, and what ``function`` gives for them.

    ``sent`` is what the candidate gets, ``fields`` what the judge is told beside it; ``answer`` and ``value`` are those
    of :meth:`ReferenceRuns.evaluate`.
    """

    function: Callable[..., Any]
    inputs: Arguments
    sent: dict[str, Any]
    fields: dict[str, Any]
    answer: dict[str, Any]
    value: dict[str, Any]


class ReferenceVariants:
    """The variants of one reference, whose text is ``code``.

    ``made_with`` holds the arguments and the state that its module was made with; it is empty for a function. What its
    calls tell is asked by running it with other contents, unless there is no ``asking``.
    """

    def __init__(
        self,
        runs: ReferenceRuns,
        function: Callable[..., Any],
        made_with: dict[str, Any],
        code: str,
        asking: bool = True,
    ) -> None:
        self._runs = runs
        self._function = function
        self._made_with = made_with
        self._code = code
        self._asking = asking

    def offered(self, inputs: Arguments, reduced: bool) -> list[dict[str, Any]]:
        """The variants to try of ``inputs``; of a module's constant parameters too."""
        value = inputs.as_value()
        found = all_variants(value, reduced, self._known(inputs))
        if any(variant["kind"] == "groups" for variant in found) and not self._ask(shares, inputs, True):
            found = [variant for variant in found if variant["kind"] != "groups"]
        if any(variant["kind"] == "zeros" for variant in found) and self._ask(goes_by_rank, inputs, False):
            found = [variant for variant in found if variant["kind"] != "zeros"]
        if self._runs.stepwise:
            # Each draw has elements on a border between two steps, and zeros are steps too: once is enough.
            small = [v for v in found if v["kind"] == "scaled" and v["by"] < 1]
            found = [variant for variant in found if variant not in small[1:]]
        if self._made_with and has_constants(self._made_with["state"]):
            found.insert(0, {"kind": "parameters", "base": {}})
        if speaks_of_near_zero(self._code, value):
            found += [{"kind": "near zero", "by": by, "base": {}} for by in (A_FEW_STEPS, FAR_BELOW_A_STEP)]
        return in_turn(even_sizes(value, found, tables_of(value)))

    def _known(self, inputs: Arguments) -> Known:
        """What can be said of the reference by its text and by calls with ``inputs``."""
        return Known(
            whole_numbers=self._only_computes(inputs),
            special=self._asks_for_special(inputs),
            words=words_of(self._code),
            codes=self._ask(asked_codes, inputs, []),
            ignored=self._ask(ignored_whole, inputs, []),
            ranges=self._ask(index_ranges, inputs, {}),
            ranked=self._ask(ranked_outputs, inputs, None) is not None,
            repeated=self._ask(repeatable, inputs, {}),
            lengths=self._ask(lengths_of, inputs, {}),
            bits=self._ask(highest_bits, inputs, {}),
            shares=self._ask(sums_of_no_account, inputs, []),
            asked=asked_numbers(self._code, self._function, inputs.as_value()),
        )

    def made(self, inputs: Arguments, variant: dict[str, Any]) -> Varied | None:
        """The inputs of a ``variant``, and what they should give; None where the reference has no answer."""
        if variant["kind"] == "parameters":
            return self._with_other_parameters(inputs)
        plain = inputs.as_value()
        tables, triangles = tables_of(plain), triangles_of(plain, self._code)
        if self._runs.divisors is None:
            self._runs.divisors = self._ask(divisors, inputs, [])
        nothing_shown = None
        for place, attempt in enumerate(attempts(plain, variant, self._runs.stepwise)):
            if variant["kind"] != "strides":
                # There contents are what they were, and their layout is to last.
                try:
                    attempt = kept_triangles(kept_tables(attempt, tables), triangles)
                except NoVariant:
                    continue
                attempt = kept_above_zero(attempt, self._runs.divisors)
            varied = Arguments.from_value(attempt)
            evaluated = self._evaluated(self._function, varied, variant["kind"] == "nan")
            if evaluated is None:
                continue
            answer, value = evaluated
            if variant["kind"] == "zeros" and _names_places(value):
                # Which of equal numbers is named is left to who computes it.
                return None
            of_a_row = variant.get("row") or (variant["kind"] == "zeros" and place == 0)
            if of_a_row and not (_all_finite(value) and self._runs.is_steady(self._function, varied)):
                # It has no guard against a row of zeros, or of labels that count for nothing.
                continue
            if variant["kind"] == "groups" and self._gives_the_same(inputs, value["declared"]):
                # Of more experts, say, than its router knows: nothing reads them.
                continue
            if variant["kind"] == "tied":
                value["ranked"] = self._ask(ranked_outputs, varied, None) or []
            if variant["kind"] == "near zero":
                flat = variant["by"] == FAR_BELOW_A_STEP
                value["formulas"] = self._ask(partial(by_formulas, plain=flat), varied, None)
                if value["formulas"] is None:
                    return None
            sent = {"arguments": varied.as_value(), **self._made_with}
            fields = {"confirming": confirming(plain, variant)}
            made = Varied(self._function, varied, sent, fields, answer, value)
            if variant["kind"] != "option" or not self._gives_the_same(inputs, value["declared"]):
                return made
            # An option that shows nothing so is tried further off.
            nothing_shown = nothing_shown or made
        return nothing_shown

    def _gives_the_same(self, inputs: Arguments, declared: Any) -> bool:
        """Whether ``inputs`` themselves give what a variant of them gave, but for the order of sums."""
        plain = Arguments.from_value(clone_value(inputs.as_value()))
        with full_precision():
            result = self._runs.run(self._function, plain)
        with without_modes(), torch.no_grad():
            tree, before = take_apart(result)
            other, after = take_apart(declared)
            return repr(tree) == repr(other) and all(map(_about_equal, before, after))

    def with_drawn_constants(self) -> torch.nn.Module | None:
        """A copy of the module with random numbers for its constant parameters; None where there are none."""
        if not self._made_with or not has_constants(self._made_with["state"]):
            return None
        drawn = copy.deepcopy(self._function)
        try:
            drawn.load_state_dict(with_drawn_constants(drawn.state_dict()))
        except RuntimeError:
            return None
        return drawn

    def _with_other_parameters(self, inputs: Arguments) -> Varied | None:
        """The same inputs to a copy of the module whose constant parameters are drawn."""
        drawn = self.with_drawn_constants()
        if drawn is None:
            return None
        state = dict(drawn.state_dict())
        evaluated = self._evaluated(drawn, inputs)
        if evaluated is None:
            return None
        sent = {"arguments": inputs.as_value(), "init": self._made_with["init"], "state": state}
        return Varied(drawn, inputs, sent, {}, *evaluated)

    def _evaluated(
        self, function: Callable[..., Any], inputs: Arguments, any_numbers: bool = False
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """What a variant's inputs give; None where the call fails, or gives clearly fewer finite numbers.

        With ``any_numbers`` these may be as few as they are.
        """
        try:
            answer, value = self._runs.evaluate(function, inputs, salt=1)
        except Fault as fault:
            if fault.stage == "trust":
                raise
            return None
        return (answer, value) if any_numbers or not self._runs.less_finite(value) else None

    def _only_computes(self, inputs: Arguments) -> bool:
        """Whether whole numbers are only computed with, and neither index nor count anything."""
        _tree, tensors = take_apart(inputs.as_value())
        if not any(measured_whole(tensor) for tensor in tensors):
            return False
        return self._ask(only_computed_with, inputs, False)

    def _asks_for_special(self, inputs: Arguments) -> bool:
        """Whether the reference has an answer for NaN and infinity; looked for only where its text speaks of them."""
        speaks_of_them = "nan" in self._code or "isinf" in self._code
        return speaks_of_them and self._ask(asks_for_special, inputs, False)

    def _ask(self, question: Callable[..., _Answer], inputs: Arguments, unknown: _Answer) -> _Answer:
        """What a question about the reference's call is answered; ``unknown`` where the call fails."""
        if not self._asking:
            return unknown
        try:
            return question(
                lambda arguments: self._runs.run(self._function, arguments), inputs, self._runs.file
            )
        except Fault as fault:
            if fault.stage == "trust":
                raise
            return unknown


def _names_places(value: dict[str, Any]) -> bool:
    """Whether a result holds whole numbers of a type that places have."""
    _tree, results = take_apart(value["declared"])
    return any(tensor.dtype in (torch.int32, torch.int64) for tensor in results)


def _all_finite(value: dict[str, Any]) -> bool:
    """Whether all numbers of a result are finite."""
    _tree, results = take_apart(value["declared"])
    with without_modes(), torch.no_grad():
        return all(
            bool(torch.isfinite(tensor.float()).all()) for tensor in results if tensor.is_floating_point()
        )


def _about_equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.shape != other.shape or one.dtype is not other.dtype:
        return False
    wide = torch.complex128 if one.is_complex() else torch.float64
    return torch.allclose(
        one.to(wide), other.to(wide), rtol=_ORDER_OF_SUMS, atol=_ORDER_OF_SUMS, equal_nan=True
    )
