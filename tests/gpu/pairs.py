"""The pairs that the GPU tests measure, read without the engine so that the harness can be asked directly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"

ORDINARY = [
    "demo/bias_gelu_scale",
    "demo/masked_softmax",
    "demo/residual_rmsnorm",
    "batchnorm_relu_maxpool",
    "bias_dropout_residual",
    "causal_attention",
    "clip_and_count",
    "cross_entropy",
    "linear_gelu_residual",
    "quantize_int8",
]
"""Ten pairs of the kinds that people build, by their place under ``examples``."""

LARGER = {
    "demo/bias_gelu_scale": ("torch.randn(512, 2048", "torch.randn(16384, 2048"),
    "clip_and_count": ("torch.randn(512, 4096", "torch.randn(16384, 4096"),
    "quantize_int8": ("torch.randn(1024, 4096", "torch.randn(16384, 4096"),
}
"""What to replace in a pair's text so that its kernel takes longer than 20 microseconds on a large card."""

MIDDLING = "demo/bias_gelu_scale", ("torch.randn(512, 2048", "torch.randn(6144, 2048")
"""A pair whose kernel takes a little longer than 20 microseconds, as there."""

Pair = dict[str, Any]

_MARKER = re.compile(r"^# <(/?)(PYTHON|TRITON|TEST)>[ \t]*$", re.MULTILINE)
_REFERENCE = re.compile(r"^def (\w+_(?:pytorch|torch))\(", re.MULTILINE)
_CANDIDATE = re.compile(r"^def (\w+_triton_wrapper)\(|^def (\w+_triton)\(", re.MULTILINE)


def text_of(name: str, larger: bool = False) -> str:
    """A shipped pair's text; the larger one where that is asked for."""
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    return with_sizes(name, text, *LARGER[name]) if larger else text


def middling_text() -> str:
    """The text of the pair between the short ones and the larger."""
    name, sizes = MIDDLING
    return with_sizes(name, text_of(name), *sizes)


def with_sizes(name: str, text: str, old: str, new: str) -> str:
    """A pair's text with other sizes; ValueError where it has not the old ones."""
    if old not in text:
        raise ValueError(f"{name} no longer has {old!r}")
    return text.replace(old, new)


def read_pair(name: str, text: str) -> Pair:
    """The blocks and entry points of a text, as a request has them; ValueError where there are none."""
    blocks: Pair = {"python": None, "triton": None, "test": None}
    marks = list(_MARKER.finditer(text))
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        if not mark[1]:
            end = after.start() if after is not None else len(text)
            code = text[mark.end() + 1 : end]
            blocks[mark[2].lower()] = {"code": code, "first_line": text.count("\n", 0, mark.end()) + 2}
    if None in blocks.values():
        raise ValueError(f"{name}: a block is missing")
    reference = _REFERENCE.search(blocks["python"]["code"])
    candidates = _CANDIDATE.findall(blocks["triton"]["code"])
    if reference is None or not candidates:
        raise ValueError(f"{name}: no entry points by the convention of names")
    candidate = next(iter(sorted((wrapper or plain for wrapper, plain in candidates), key=len, reverse=True)))
    return {
        "file": f"{name}.py",
        "hash": "0" * 64,
        **blocks,
        "main": None,
        "entry": {"convention": "functions", "reference": reference[1], "candidate": candidate},
        "inputs": "get_test_inputs",
    }


def made_anew(pair: Pair, number: int) -> Pair:
    """The same pair with a TRITON block that no cache has seen."""
    triton = {**pair["triton"], "code": f"{pair['triton']['code']}\n# variant {number}\n"}
    return {**pair, "triton": triton}
