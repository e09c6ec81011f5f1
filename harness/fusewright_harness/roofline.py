"""How near a candidate comes to what its card can do, and what no candidate and no honest reference takes.

The reference's census says what must be moved and computed; the card says how fast that goes at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fusewright_harness.card import PLAIN_FLOAT32, Card
from fusewright_harness.faults import Fault

_SURELY = 0.9
"""A share of the least time that is surely too short: clocks may be raised a little above what the driver tells."""
_LAUNCH_MS = 0.006
"""What one eager operator takes at least, beside its bytes."""
_SLOW_RATIO = 10.0
_SLOW_MARGIN_MS = 0.1
_MOSTLY = 0.6
_FETCHED = 0.05
_DEAD = 0.4
_FEW_SHARE = 8
_MANY_OPERATORS = 64
_STEP = 24
_DEEP = 24
_NUMBERS = (
    "operators", "kinds", "bytes", "copied_bytes", "repeated_bytes", "wide_bytes", "fetched_bytes", "depth",
    "unpredictable", "dead_bytes", "dead_flops", "stalls",
    "needed_bytes", "input_bytes", "output_bytes",
)  # fmt: skip


@dataclass(frozen=True)
class Work:
    """A census as the judge takes it from the reference's process: whole numbers, none below zero."""

    numbers: dict[str, int]
    flops: dict[str, int]

    @staticmethod
    def of(fields: dict[str, Any]) -> Work | None:
        """Reads a worker's answer, or None where it is none."""
        numbers = {name: fields.get(name) for name in _NUMBERS}
        flops = fields.get("flops")
        if not isinstance(flops, dict) or not all(map(_whole, (*numbers.values(), *flops.values()))):
            return None
        return Work(numbers, {str(dtype): count for dtype, count in flops.items()})

    def __getattr__(self, name: str) -> int:
        try:
            return self.numbers[name]
        except KeyError:
            raise AttributeError(name) from None


def _whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1 << 62


def roofline(work: Work, card: Card | None, triton_ms: float | None) -> dict[str, Any]:
    """The ``roofline`` of the verdict line: bytes, operations, and the share of the card's limit that was reached.

    ``limit`` says which: "bandwidth" or "compute".
    """
    moved = work.input_bytes + work.output_bytes
    line: dict[str, Any] = {
        "bytes": moved,
        "flops": sum(work.flops.values()),
        "fraction": None,
        "limit": None,
    }
    if card is None or not triton_ms:
        return line
    moving_ms, least_ms = card.least_ms(moved, {}), card.least_ms(moved, work.flops)
    line["limit"] = "bandwidth" if moving_ms >= least_ms else "compute"
    line["fraction"] = round(min(1.0, least_ms / triton_ms), 4)
    return line


def refuse_impossible_speed(work: Work, card: Card, triton_ms: float, written_bytes: int) -> None:
    """Raises :class:`Fault` where a call took less time than its bytes can be moved in.

    Counted are inputs that no operator takes a part of, and outputs beyond what stays in the L2 cache; of the
    reference's outputs and the candidate's the fewer bytes.
    """
    written = max(0, min(work.output_bytes, written_bytes) - card.l2_bytes)
    least_ms = card.least_ms(work.needed_bytes + written, {})
    if triton_ms < _SURELY * least_ms:
        message = (
            f"a call took {triton_ms:.4f} ms, and this card needs {least_ms:.4f} ms to move the {work.needed_bytes} "
            "bytes of the inputs and the outputs: it cannot have read them; compute every output from the inputs of "
            "the call"
        )
        raise Fault("triton", "trust", "FasterThanMemory", message, verdict="rejected")


def refuse_wasteful_reference(work: Work) -> None:
    """Raises :class:`Fault` where the reference repeats, copies, drops or scatters most of its work."""
    why = _wasted(work)
    if why is not None:
        raise _slow(why)


def refuse_slowed_reference(work: Work, card: Card | None, python_ms: float) -> None:
    """Raises :class:`Fault` where the reference takes far longer than its own operators need."""
    if card is None or work.unpredictable:
        return
    least_ms = needed_ms(work, card)
    # The many short steps of a recurrence take what their launches take, however little each computes.
    allowed_ms = max(_SLOW_RATIO * least_ms + _SLOW_MARGIN_MS, 2 * _LAUNCH_MS * work.operators)
    if python_ms > allowed_ms:
        raise _slow(
            f"takes {python_ms:.3f} ms, where its {work.kinds} kinds of operators need about {least_ms:.3f} ms: "
            "something between them waits, loops or computes elsewhere"
        )


def needed_ms(work: Work, card: Card) -> float:
    """About what the reference's operators need on a card, one after the other."""
    useful = max(0, work.bytes - work.copied_bytes - work.repeated_bytes - work.wide_bytes // 2)
    return card.least_ms(useful, _plain(work.flops)) + _LAUNCH_MS * max(work.kinds, work.depth)


def _slow(why: str) -> Fault:
    advice = "a speedup over it means nothing: write it as the plain operators on whole tensors"
    message = f"the reference {why}; {advice}"
    return Fault("pytorch", "trust", "SlowReference", message, verdict="rejected")


def _plain(flops: dict[str, int]) -> dict[str, int]:
    """The operations as a reference does them: float32 without TF32; float64 counted so too, being a detour mostly."""
    plain = dict(flops)
    plain[PLAIN_FLOAT32] = plain.pop("float32", 0) + plain.pop("float64", 0)
    return plain


def _total(flops: dict[str, int] | int) -> int:
    return flops if isinstance(flops, int) else sum(flops.values())


def _wasted(work: Work) -> str | None:
    if work.operators < 2 or not work.bytes:
        return None
    if work.repeated_bytes > _MOSTLY * work.bytes:
        return "does the same operators on the same tensors again and again"
    if work.operators >= 6 and work.copied_bytes > _MOSTLY * work.bytes:
        return "mostly copies tensors that nothing changes"
    # Where each step needs the one before, as in a recurrence, there is no whole to compute at once.
    step = _STEP if work.depth >= _DEEP else _FEW_SHARE
    if work.operators >= max(_MANY_OPERATORS, _FEW_SHARE * work.kinds, step * work.depth):
        return (
            f"runs {work.operators} operators where {work.kinds} differ: it loops over parts of its tensors"
        )
    if work.dead_bytes > _DEAD * work.bytes or _total(work.dead_flops) > _DEAD * max(1, _total(work.flops)):
        return "computes what nothing uses"
    if work.stalls:
        return "waits for the GPU, or has it wait, in its midst"
    if work.fetched_bytes > _FETCHED * work.bytes:
        return "moves tensors to the CPU and back"
    return None
