#!/usr/bin/env python3
"""Print one fusion task: three or four operations that fit together.

    python generate_fusion_task.py [--seed N]

The first line is the task: operation names separated by commas, in the order in which they are applied. The
lines below say what each does, and the last one a name for its file that no other has, here or in data/.
Standard library only.

A task that is done is not drawn again: one that the title of a file in data/ names, and one that
`fusewright run --task` finished or gave up. A seed gives the same tasks in the same order every time, and
the first of them that is not done is printed.

Operations are drawn so that the result depends on the input and stays finite: no logarithm of what may be
negative, no exponential of what is already large, nothing that undoes or repeats what came just before, and
no sum over what was just normalised, which would be a constant.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

MATRIX, IMAGE = "matrix", "image"
INPUTS = {MATRIX: "x of shape (rows, columns)", IMAGE: "x of shape (batch, channels, height, width)"}

# How many tasks of one seed are looked at.
MOST = 100

# The numbers of files have three digits.
LAST = 999

INVERSES = ({"exp", "log"}, {"add", "subtract"}, {"multiply", "divide"})


@dataclass(frozen=True)
class State:
    """What is known of the tensor so far."""

    kind: str  # MATRIX or IMAGE
    sign: str = "any"  # "any" (both occur), "nonnegative", "positive" or "unknown"
    large: bool = False  # values may be far above 1, so that an exponential may overflow
    bounded: bool = False  # values lie between -1 and 1
    reduced: bool = False  # each row is one number


@dataclass(frozen=True)
class Operation:
    """One operation: what it needs of the tensor, and what it makes of it."""

    name: str
    meaning: str
    group: str
    kinds: tuple[str, ...] = (MATRIX, IMAGE)
    needs: str = (
        "any"  # or "signed" (both signs occur), "nonnegative", "positive", "calm" (not large), "unbounded"
    )
    sign: str = "keep"
    large: bool | None = None  # None keeps what was
    bounded: bool | None = False  # None keeps what was
    kind: str | None = None  # the kind of the result, where it changes
    reduces: bool = False

    def fits(self, state: State, before: list[Operation]) -> bool:
        """Whether it may follow these operations."""
        groups = [operation.group for operation in before]
        last = groups[-1] if groups else ""
        once = {"product", "normalise", "reduce", "pool", "layout"}
        if state.kind not in self.kinds or self.name in [operation.name for operation in before]:
            return False
        if self.group in once and self.group in groups:
            return False
        if self.group == last and self.group in {"activation", "constant"}:
            return False
        # A sum over what was normalised is a constant, and so is the norm of a single number.
        if self.group in {"reduce", "pool"} and "normalise" in groups:
            return False
        # One number a row: an activation or a limit would leave it as it is, or make all of them the same.
        if state.reduced and (self.group not in {"function", "constant"} or self.name in {"abs", "clamp"}):
            return False
        if before and {before[-1].name, self.name} in INVERSES:
            return False
        return {
            "any": True,
            "signed": state.sign == "any",
            "nonnegative": state.sign in {"nonnegative", "positive"},
            "positive": state.sign == "positive",
            "calm": not state.large,
            "unbounded": state.sign == "any" and not state.bounded,
        }[self.needs]

    def apply(self, state: State) -> State:
        """What is known of the tensor after it."""
        sign = state.sign if self.sign == "keep" else self.sign
        # What is far below zero comes out of a sigmoid, a softmax or a softplus as zero.
        if self.sign == "positive" and state.large and state.sign == "any":
            sign = "nonnegative"
        return replace(
            state,
            kind=self.kind or state.kind,
            sign=sign,
            large=state.large if self.large is None else self.large,
            bounded=state.bounded if self.bounded is None else self.bounded,
            reduced=state.reduced or self.reduces,
        )


OPERATIONS = (
    # A product with weights, or with a second tensor.
    Operation("linear", "multiply by a weight matrix", "product", (MATRIX,), sign="any", bounded=None),
    Operation(
        "matmul", "multiply by a second matrix", "product", (MATRIX,), sign="any", large=True, bounded=None
    ),
    Operation(
        "einsum", "contract columns: bi,oi->bo", "product", (MATRIX,), sign="any", large=True, bounded=None
    ),
    Operation(
        "convolution", "3x3 convolution, padding 1", "product", (IMAGE,), sign="any", large=True, bounded=None
    ),
    # Elementwise with a second tensor or a vector.
    Operation("bias", "add a vector, a value a column or channel", "combine", sign="any"),
    Operation("add", "add a second tensor of the same shape", "combine", sign="any"),
    Operation("subtract", "subtract a second tensor of the same shape", "combine", sign="any"),
    Operation(
        "multiply", "multiply by a second tensor of the same shape", "combine", sign="any", bounded=None
    ),
    Operation("divide", "divide by a second tensor whose values are at least 0.5", "combine", bounded=None),
    Operation("concat", "concatenate with a second tensor along columns or channels", "combine", sign="any"),
    # Activations.
    Operation("relu", "max(x, 0)", "activation", needs="signed", sign="nonnegative", bounded=None),
    Operation("sigmoid", "1 / (1 + exp(-x))", "activation", sign="positive", large=False, bounded=True),
    Operation("tanh", "hyperbolic tangent", "activation", large=False, bounded=True),
    Operation(
        "gelu",
        "x times the normal distribution function, exact form",
        "activation",
        needs="signed",
        bounded=None,
    ),
    Operation("swish", "x * sigmoid(beta * x), beta = 1.5", "activation", needs="signed", bounded=None),
    Operation("silu", "x * sigmoid(x)", "activation", needs="signed", bounded=None),
    Operation("softplus", "log(1 + exp(x))", "activation", sign="positive"),
    Operation("elu", "x where positive, exp(x) - 1 elsewhere", "activation", needs="signed", bounded=None),
    # Functions of one number.
    Operation("exp", "exponential", "function", needs="calm", sign="positive", large=True),
    Operation("log", "natural logarithm", "function", needs="positive", sign="any", large=False),
    Operation("log1p", "log(1 + x)", "function", needs="nonnegative", large=False),
    Operation("rsqrt", "1 / sqrt(x)", "function", needs="positive", sign="positive", large=True),
    Operation("pow", "square", "function", needs="signed", sign="nonnegative", large=True, bounded=None),
    Operation("abs", "absolute value", "function", needs="signed", sign="nonnegative", bounded=None),
    Operation(
        "sinc", "sin(pi x) / (pi x), and 1 at 0", "function", sign="unknown", large=False, bounded=True
    ),
    Operation("cosine", "cosine", "function", sign="unknown", large=False, bounded=True),
    # With a constant.
    Operation("scale", "multiply by 0.5", "constant", bounded=None),
    Operation("clamp", "limit to -1 to 1", "constant", needs="unbounded", large=False, bounded=True),
    # Over the columns of a row, or over the channels of a pixel.
    Operation(
        "softmax", "softmax over columns or channels", "normalise", sign="positive", large=False, bounded=True
    ),
    Operation(
        "layernorm", "layer normalisation over columns or channels", "normalise", sign="any", large=False
    ),
    Operation("rmsnorm", "divide by the root mean square over columns or channels", "normalise", large=False),
    Operation(
        "normalize", "divide by the norm over columns or channels", "normalise", large=False, bounded=True
    ),
    Operation("sum", "sum over columns or channels, kept as one", "reduce", large=True, reduces=True),
    Operation("mean", "mean over columns or channels, kept as one", "reduce", bounded=True, reduces=True),
    # Over pixels.
    Operation("avgpool", "2x2 average pooling", "pool", (IMAGE,), bounded=True),
    Operation("maxpool", "2x2 maximum pooling", "pool", (IMAGE,), bounded=None),
    Operation("interpolate", "twice the height and width, nearest neighbour", "pool", (IMAGE,), bounded=None),
    # Layout.
    Operation("flatten", "flatten channels, height and width", "layout", (IMAGE,), bounded=None, kind=MATRIX),
    Operation(
        "reshape",
        "half the columns and twice the rows, or half the channels and twice the height",
        "layout",
        bounded=None,
    ),
    Operation("transpose", "exchange rows and columns, or height and width", "layout", bounded=None),
)


def draw(generator: random.Random) -> tuple[str, list[Operation]]:
    """Draw a task: the kind of its input, and three or four operations from at least two groups."""
    while True:
        kind = generator.choice((MATRIX, MATRIX, IMAGE))
        state = State(kind)
        chosen: list[Operation] = []
        for _ in range(generator.choice((3, 4))):
            fitting = [operation for operation in OPERATIONS if operation.fits(state, chosen)]
            if not fitting:
                break
            # The group is drawn first, or the many activations would crowd out the few reductions.
            group = generator.choice(sorted({operation.group for operation in fitting}))
            operation = generator.choice([operation for operation in fitting if operation.group == group])
            chosen.append(operation)
            state = operation.apply(state)
        # A layout at either end computes nothing, and a single group is no fusion worth learning.
        if "layout" in (chosen[0].group, chosen[-1].group) or len({o.group for o in chosen}) < 2:
            continue
        if len(chosen) >= 3:
            return kind, chosen


def operations_of(text: str) -> tuple[str, ...]:
    """Return the operations that a title or a task's first line names, in their order."""
    known = {operation.name for operation in OPERATIONS}
    return tuple(word for word in re.findall(r"[a-z0-9]+", text.lower()) if word in known)


def titles(folder: Path) -> list[str]:
    """Return the titles of the finished files in a folder."""
    found = []
    for path in sorted(folder.glob("*_fused_kernels.py")):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            print(f"{path} cannot be read, so its task may be drawn again: {error}", file=sys.stderr)
            continue
        found += re.findall(r"Fused Kernels:\s*([^\n]*)", text)[:1]
    return found


def noted(journal: Path) -> list[str]:
    """Return the tasks that the loop's journal tells to be over."""
    last: dict[str, str] = {}
    try:
        lines = journal.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            # A line that a kill cut off.
            continue
        if isinstance(entry, dict) and entry.get("kind") == "task":
            last[str(entry.get("about"))] = str(entry.get("step"))
    return [task for task, step in last.items() if step in {"archived", "moved", "abandoned", "skipped"}]


def free_name(root: Path) -> str:
    """Return a name for the next task's file: its number is above all in use, or the first that is free."""
    names = [path.name for folder in (root, root / "data") for path in folder.glob("*_fused_kernels.py")]
    taken = {int(found[1]) for name in names if (found := re.fullmatch(r"(\d+)_fused_kernels\.py", name))}
    number = max(taken, default=0) + 1
    if number > LAST:
        number = next((free for free in range(1, LAST + 1) if free not in taken), number)
    return f"{number:03}_fused_kernels.py"


def main() -> int:
    """Print one task; return the exit status."""
    parser = argparse.ArgumentParser(description="Print one fusion task that is not done yet.")
    parser.add_argument("--seed", type=int, help="draw the same tasks in the same order every time")
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parent
    over = titles(root / "data") + noted(root / "triton_training_data/output/ideas.jsonl")
    done = {operations_of(text) for text in over}
    generator = random.Random(arguments.seed)
    for _ in range(MOST):
        kind, operations = draw(generator)
        if tuple(operation.name for operation in operations) not in done:
            break
    else:
        where = "that were drawn" if arguments.seed is None else f"of seed {arguments.seed}"
        print(
            f"all {MOST} tasks {where} are done: take another --seed, or move files out of data/",
            file=sys.stderr,
        )
        return 1
    print(", ".join(operation.name for operation in operations))
    print()
    print(f"Fuse these operations, in this order, on {INPUTS[kind]}:")
    for number, operation in enumerate(operations, start=1):
        print(f"  {number}. {operation.name}: {operation.meaning}")
    print()
    print(f"File: {free_name(root)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
