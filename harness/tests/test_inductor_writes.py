"""TorchInductor's kernels, made standalone: what the text says, and that the judge finds it right."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from harness_client import HARNESS, Harness, pair

from fusewright_harness.inductor.versions import refusal

_WRITE = """
import json, sys
from fusewright_harness.cuda_on_cpu import cuda_on_cpu
from fusewright_harness.loader import load_block
from fusewright_harness import inductor
answers = []
for number, (python, test, name) in enumerate(json.load(sys.stdin)):
    with cuda_on_cpu():
        reference = load_block({"code": python, "first_line": 1}, f"python{number}.py", "pytorch").reference
        inputs = load_block({"code": test, "first_line": 1}, f"test{number}.py", "test").get_test_inputs()
    try:
        written = inductor.write(reference, tuple(inputs), name=name, target="sm_90")
        answers.append({"code": written.code, "kernels": written.kernels, "launches": written.launches})
    except inductor.Unsupported as error:
        answers.append({"operator": error.operator, "sentence": error.sentence, "line": error.line})
print(json.dumps(answers))
"""

_HEAD = "import torch\nimport torch.nn.functional as F\n\n\n"


def _pair(body: str, inputs: str) -> tuple[str, str, str]:
    test = f"import torch\n\n\ndef get_test_inputs():\n    return {inputs}\n"
    return _HEAD + body.strip("\n") + "\n", test, "candidate"


_RIGHT = {
    "chain": _pair(
        "def reference(x, bias, scale):\n    return F.silu(x * scale + bias)",
        'torch.randn(13, 70, device="cuda"), torch.randn(70, device="cuda"), 0.75',
    ),
    "strided": _pair(
        "def reference(x, gate):\n    return torch.tanh(x) * gate + x",
        'torch.randn(30, 20, device="cuda").t(), torch.randn(20, 60, device="cuda")[:, ::2]',
    ),
    "softmax": _pair(
        "def reference(logits, temperature):\n    return torch.softmax(logits / temperature, dim=-1)",
        'torch.randn(9, 75, device="cuda", dtype=torch.float16), 1.5',
    ),
    "rmsnorm": _pair(
        "def reference(x, residual, weight, eps):\n"
        "    hidden = x + residual\n"
        "    wide = hidden.float()\n"
        "    normed = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)\n"
        "    return (normed * weight.float()).to(x.dtype), hidden",
        'torch.randn(9, 60, device="cuda", dtype=torch.bfloat16),'
        ' torch.randn(9, 60, device="cuda", dtype=torch.bfloat16),'
        ' torch.rand(60, device="cuda", dtype=torch.bfloat16), 1e-6',
    ),
    "layernorm": _pair(
        "def reference(x, weight, bias, eps):\n    return F.layer_norm(x, x.shape[-1:], weight, bias, eps)",
        'torch.randn(3, 5, 60, device="cuda"), torch.rand(60, device="cuda"), torch.randn(60, device="cuda"), 1e-5',
    ),
    "group norm": _pair(
        "def reference(images, n_groups, weight, bias, eps):\n"
        "    return F.silu(F.group_norm(images, n_groups, weight, bias, eps))",
        'torch.randn(2, 12, 5, 7, device="cuda"), 3,'
        ' torch.rand(12, device="cuda"), torch.randn(12, device="cuda"), 1e-5',
    ),
    "masks and places": _pair(
        "def reference(x):\n    return x > 0.5, x.argmax(dim=-1), (x < 0).any(dim=-1)",
        '(torch.randn(9, 40, device="cuda"),)',
    ),
    "norm of all": _pair(
        "def reference(x, largest):\n"
        "    norm = x.square().sum().sqrt()\n"
        "    return x * torch.clamp(largest / (norm + 1e-6), max=1.0), norm",
        'torch.randn(9, 300, device="cuda"), 1.5',
    ),
    "bits of a number": _pair(
        "def reference(x, seed):\n"
        "    bits = torch.arange(x.numel(), device=x.device).view(x.shape)\n"
        "    for _ in range(4):\n"
        "        bits = (bits * 2654435761 & 0xFFFFFFFF) ^ (bits >> 15) ^ (seed >> 3 & 0xFFFFFFFF)\n"
        "    return torch.where(bits & 1 == 1, x, 0.0)",
        'torch.randn(9, 40, device="cuda"), 20240607',
    ),
    "embedding": _pair(
        "def reference(tokens, table, scale):\n    return table[tokens] * scale",
        'torch.randint(0, 20, (4, 6), device="cuda"), torch.randn(20, 33, device="cuda"), 0.5',
    ),
}


@pytest.fixture(scope="module")
def written() -> dict[str, dict]:
    """What is written for each pair, in one process as a worker is: without the interpreter, without a GPU."""
    return dict(zip([*_RIGHT, *_REFUSED], _write([*_RIGHT.values(), *_REFUSED.values()]), strict=True))


def _write(pairs: list[tuple[str, str, str]]) -> list[dict]:
    reason = refusal()
    if reason:
        pytest.skip(reason)
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-c", _WRITE],
        input=json.dumps(pairs),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**environment, "PYTHONPATH": str(HARNESS), "CUDA_VISIBLE_DEVICES": ""},
        cwd=Path(HARNESS),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


_REFUSED = {
    "in place": _pair(
        "def reference(x):\n    x.mul_(2.0)\n    return x + 1.0", '(torch.randn(8, device="cuda"),)'
    ),
    "nothing returned": _pair("def reference(x):\n    x.exp()", '(torch.randn(8, device="cuda"),)'),
    "dropout": _pair(
        "def reference(x):\n    return F.dropout(x, 0.5)", '(torch.randn(8, 9, device="cuda"),)'
    ),
    "sort": _pair(
        "def reference(x):\n    return torch.sort(x, dim=-1).values", '(torch.randn(8, 9, device="cuda"),)'
    ),
    "loop over a size": _pair(
        "def reference(x):\n"
        "    state = torch.zeros_like(x[:, 0])\n"
        "    for step in range(x.shape[1]):\n"
        "        state = torch.tanh(state + x[:, step])\n"
        "    return state",
        '(torch.randn(8, 50, device="cuda"),)',
    ),
    "size halved by turns": _pair(
        "def reference(x):\n"
        "    rows, width = x.shape\n"
        "    step = 1\n"
        "    while step < width:\n"
        "        pairs = x.view(rows, width // (2 * step), 2, step)\n"
        "        x = torch.stack((pairs[:, :, 1], pairs[:, :, 0]), dim=2).view(rows, width)\n"
        "        step *= 2\n"
        "    return x",
        '(torch.randn(5, 64, device="cuda"),)',
    ),
}


def test_what_is_written_stands_alone_and_burns_no_size_in(written):
    for name in _RIGHT:
        code = written[name]["code"]
        assert code.startswith("# Written by TorchInductor (torch ")
        assert "_inductor" not in code
        for soup in ("tmp", "in_ptr", "xindex", "XBLOCK", "triton_poi", "arg0"):
            assert soup not in code, (name, soup)
        wrapper = code[code.index("def candidate") :]
        for size in ("70", "75", "60", "(9,", "(13,"):
            assert size not in wrapper.replace("1024", ""), (name, size)


def test_a_large_tensor_is_reduced_to_one_number_in_two_launches():
    large = _pair(
        "def reference(x, y):\n    return F.mse_loss(x, y)",
        'torch.empty(1024, 512, device="cuda"), torch.empty(1024, 512, device="cuda")',
    )
    groups = _pair(
        "def reference(images):\n    return F.group_norm(images, 8)",
        '(torch.empty(16, 64, 32, 32, device="cuda"),)',
    )
    summed, normed = _write([large, groups])
    assert summed["launches"] == 2
    # Rows come first, each in a program of its own; their sums are one number's after that.
    assert "grid = (triton.cdiv(n_rows, 4),)" in summed["code"]
    assert "grid = (1,)" in summed["code"]
    assert " % (" not in summed["code"]
    assert normed["launches"] == 1


def test_families_take_one_launch(written):
    assert {name: written[name]["launches"] for name in _RIGHT} == dict.fromkeys(_RIGHT, 1)


@pytest.mark.parametrize(
    ("name", "operator"),
    [
        ("in place", "in-place change"),
        ("nothing returned", "return"),
        ("dropout", "rand"),
        ("sort", "sort"),
        ("loop over a size", "add"),
        ("size halved by turns", "view"),
    ],
)
def test_what_cannot_be_written_is_named(written, name, operator):
    answer = written[name]
    assert operator in answer["operator"], answer
    assert answer["sentence"].endswith(tuple("abcdefghijklmnopqrstuvwxyz")), answer


def test_a_loop_over_a_size_is_told_with_its_line(written):
    answer = written["loop over a size"]
    assert "state = torch.tanh(state + x[:, step])" in answer["sentence"]
    assert (
        answer["line"]
        == _REFUSED["loop over a size"][0].split("\n").index("        state = torch.tanh(state + x[:, step])")
        + 1
    )


def test_the_same_python_gives_the_same_text(written):
    again = _write([_RIGHT["rmsnorm"], _RIGHT["strided"]])
    assert [answer["code"] for answer in again] == [written[name]["code"] for name in ("rmsnorm", "strided")]


@pytest.fixture(scope="module")
def harness():
    with Harness() as running:
        yield running


@pytest.mark.parametrize("name", _RIGHT)
def test_the_judge_finds_it_right_at_other_values_sizes_and_strides(written, harness, name):
    python, test, candidate = _RIGHT[name]
    line = harness.verdict(
        pair(python, written[name]["code"], test, entry=("reference", candidate)), device="interpreter"
    )
    assert line["status"] == "SUCCESS", line["reason"]
    unsure = [finding for finding in line["findings"] if finding["severity"] != "info"]
    assert not unsure


_WINDOWS = {
    "stride": (
        "F.conv2d(x, w, stride=2, padding=1)",
        ("(2, 4, 14, 18)", "(17, 4, 10, 27)"),
        "(6, 4, 3, 3)",
        1,
    ),
    "no margins": ("F.conv2d(x, w)", ("(2, 4, 9, 11)", "(17, 4, 13, 8)"), "(6, 4, 3, 3)", 1),
    "spread": ("F.conv1d(x, w, dilation=3)", ("(2, 4, 25)", "(17, 4, 38)"), "(6, 4, 5)", 1),
    "each channel": (
        "F.conv2d(x, w, stride=2, groups=x.shape[1])",
        ("(2, 4, 9, 11)", "(3, 4, 16, 7)"),
        "(4, 1, 3, 3)",
        1,
    ),
    "transposed": ("F.conv_transpose2d(x, w)", ("(2, 4, 9, 11)", "(17, 4, 13, 8)"), "(4, 6, 3, 3)", 1),
    "transposed with a stride": (
        "F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1)",
        ("(2, 4, 9, 11)", "(17, 4, 6, 8)"),
        "(4, 6, 3, 3)",
        1,
    ),
    "rows transposed": (
        "F.conv_transpose1d(x, w, stride=3, padding=2)",
        ("(2, 4, 25)", "(17, 4, 38)"),
        "(4, 6, 4)",
        1,
    ),
    "one after the other": (
        "F.conv2d(torch.relu(F.conv2d(x, w)), w, stride=2)",
        ("(2, 4, 9, 11)", "(17, 4, 13, 7)"),
        "(4, 4, 3, 3)",
        2,
    ),
}


def _window(name: str, shape: int) -> tuple[str, str, str]:
    call, shapes, weights, _launches = _WINDOWS[name]
    inputs = f'torch.randn({shapes[shape]}, device="cuda"), torch.randn({weights}, device="cuda")'
    return _pair(f"def reference(x, w):\n    return torch.relu({call})", inputs)


@pytest.fixture(scope="module")
def windows() -> dict[str, dict]:
    return dict(zip(_WINDOWS, _write([_window(name, 0) for name in _WINDOWS]), strict=True))


@pytest.mark.parametrize("name", _WINDOWS)
def test_a_convolutions_sizes_come_from_its_arguments(windows, harness, name):
    python, test, candidate = _window(name, 1)
    assert windows[name]["launches"] == _WINDOWS[name][-1]
    code = windows[name]["code"]
    line = harness.verdict(pair(python, code, test, entry=("reference", candidate)), device="interpreter")
    assert line["status"] == "SUCCESS", (line["reason"], code)


# What is asked of the reference, for one call and for others that are judged: the parameters, the inputs beside.
_ARGUMENTS = {
    "convolution": (
        "x, w, stride=2, padding=1, dilation=1",
        "F.relu(F.conv2d(x, w, stride=stride, padding=padding, dilation=dilation))",
        "(2, 4, 14, 18), (6, 4, 3, 3)",
        ("2", "1, 0, 2", "3, 2"),
    ),
    "convolution by tuples, of another window": (
        "x, w, stride=(2, 1), padding=(0, 2)",
        "F.conv2d(x, w, None, stride, padding)",
        "(2, 4, 14, 18), (6, 4, 3, 3)",
        ("(2, 1)", "(1, 3), (1, 0)"),
    ),
    "causal": (
        "x, w, dilation",
        "F.conv1d(F.pad(x, (dilation * (w.shape[-1] - 1), 0)), w, dilation=dilation)",
        "(2, 4, 40), (6, 4, 3)",
        ("2", "1", "5"),
    ),
    "each channel": (
        "x, w, stride, padding",
        "F.silu(F.conv2d(x, w, None, stride, padding, groups=x.shape[1]))",
        "(2, 4, 9, 11), (4, 1, 3, 3)",
        ("2, 1", "1, 0", "3, 2"),
    ),
    "transposed": (
        "x, w, stride, padding, more",
        "F.conv_transpose2d(x, w, None, stride, padding, more)",
        "(2, 4, 7, 9), (4, 6, 3, 3)",
        ("2, 1, 1", "1, 0, 0", "3, 2, 2"),
    ),
    "same": (
        "x, w, dilation, padding='same'",
        "F.conv2d(x, w, dilation=dilation, padding=padding)",
        "(2, 4, 12, 15), (6, 4, 3, 3)",
        ("2", "1"),
    ),
    "largest": (
        "x, kernel_size, stride, padding",
        "F.max_pool2d(x, kernel_size, stride, padding)",
        "(2, 3, 14, 18)",
        ("3, 2, 1", "2, 3, 0", "5, 1, 2"),
    ),
    "largest and where": (
        "x, kernel_size=3",
        "F.max_pool2d(x, kernel_size, padding=kernel_size // 2, return_indices=True)",
        "(2, 3, 14, 18)",
        ("3", "2", "5"),
    ),
    "mean": (
        "x, kernel_size, stride, padding",
        "F.avg_pool2d(x, kernel_size, stride, padding, ceil_mode=True)",
        "(2, 3, 14, 17)",
        ("3, 2, 1", "2, 3, 0"),
    ),
    "mean of what is there, in a row": (
        "x, kernel_size, stride",
        "F.avg_pool1d(x, kernel_size, stride, 1, count_include_pad=False)",
        "(2, 3, 40)",
        ("(3,), 2", "(5,), 3"),
    ),
}


def _arguments(name: str, values: str, shapes: str | None = None) -> tuple[str, str, str]:
    parameters, result, usual, _values = _ARGUMENTS[name]
    given = [f'torch.randn({shape}, device="cuda")' for shape in re.findall(r"\([^)]*\)", shapes or usual)]
    inputs = ", ".join([*given, values])
    return _pair(f"def reference({parameters}):\n    return {result}", inputs)


@pytest.fixture(scope="module")
def arguments() -> dict[str, dict]:
    """What is written for the first values of each."""
    return dict(
        zip(
            _ARGUMENTS,
            _write([_arguments(name, _ARGUMENTS[name][-1][0]) for name in _ARGUMENTS]),
            strict=True,
        )
    )


@pytest.mark.parametrize("name", _ARGUMENTS)
def test_what_a_window_is_comes_from_the_arguments(arguments, harness, name):
    code = arguments[name]["code"]
    assert arguments[name]["launches"] == 1, code
    for values in _ARGUMENTS[name][-1][1:]:
        shapes = "(2, 4, 14, 18), (6, 4, 5, 2)" if "another window" in name else None
        python, test, candidate = _arguments(name, values, shapes)
        line = harness.verdict(pair(python, code, test, entry=("reference", candidate)), device="interpreter")
        assert line["status"] == "SUCCESS", (values, line["reason"], code)


def test_another_kind_of_value_for_a_window_is_refused_in_a_sentence(arguments, harness):
    for name, values, sentence in (
        ("mean", "(4, 4), 5, 1", "kernel_size has to be one whole number"),
        ("convolution by tuples, of another window", "2", "stride has to have 2 parts"),
        ("same", "2, 'valid'", "padding has to be 'same'"),
    ):
        python, test, candidate = _arguments(name, values)
        code = arguments[name]["code"]
        line = harness.verdict(pair(python, code, test, entry=("reference", candidate)), device="interpreter")
        assert line["status"] != "SUCCESS"
        assert sentence in line["reason"], line["reason"]
