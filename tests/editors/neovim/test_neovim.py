"""A user's whole path in real Neovims: open, read what is wrong, fix, verify, archive, quit."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from simulated_model import MODEL, simulated_model, wants_analysis

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
# Longer than the limits in user.lua together, so that its own messages come first.
LIMIT_S = 420


def neovims() -> list[str]:
    """The binaries to test, installed first where they are missing."""
    run = subprocess.run(["bash", HERE / "install.sh"], stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout.split()


def version(nvim: str) -> str:
    run = subprocess.run([nvim, "--version"], capture_output=True, text=True, check=True)
    return run.stdout.split()[1]


def alive(pid: str) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("nvim", neovims(), ids=version)
def test_from_a_fault_to_the_dataset(
    nvim: str, binary: Path, workspace: Path, environment: dict[str, str]
) -> None:
    source = (ROOT / "examples/demo/bias_gelu_scale.py").read_text()
    pair = workspace / "bias_gelu_scale.py"
    pair.write_text(source.replace("# <TRITON>", "# <TRITION>"))
    dataset = workspace / "triton_training_data/output/training_data.jsonl"
    processes = workspace / "processes.txt"

    run = subprocess.run(
        [nvim, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-S", HERE / "user.lua"],
        cwd=workspace,
        env=environment
        | {
            "FUSEWRIGHT_TEST_PLUGIN": str(ROOT / "neovim"),
            "FUSEWRIGHT_TEST_BINARY": str(binary),
            "FUSEWRIGHT_TEST_PAIR": str(pair),
            "FUSEWRIGHT_TEST_DATASET": str(dataset),
            "FUSEWRIGHT_TEST_PROCESSES": str(processes),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert run.returncode == 0, run.stdout + run.stderr

    (line,) = dataset.read_text().splitlines()
    example = json.loads(line)
    assert list(example) == ["description", "python_code", "triton_code", "test_code"]
    assert "bias, exact GELU" in example["description"]
    assert "def bias_gelu_scale_torch" in example["python_code"]
    assert "@triton.jit" in example["triton_code"]
    assert "def get_test_inputs" in example["test_code"]

    pids = processes.read_text().split()
    assert pids, "the server was not among Neovim's processes"
    deadline = time.monotonic() + 5
    while (left := [pid for pid in pids if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left, f"Neovim has quit, and these processes still run: {left}"


PAIR = """\"\"\"Scale.\"\"\"

# <PYTHON>
import torch


def scale_torch(x):
    return x * 2.0
# </PYTHON>

# <TRITON>
import torch


def scale_triton(x):
    return x
# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(2, 3, device="cuda"),)
# </TEST>
"""
MODULE = "import torch\n\n\ndef scale_torch(x):\n    return torch.mul(x, 2.0)\n"
KERNEL = """import torch
import triton
import triton.language as tl


@triton.jit
def scale_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    # the first half
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n)
    # the second half
    tl.store(out_ptr + at, x * 2.0, mask=at < n)


def scale_triton(x):
    out = torch.empty_like(x)
    scale_kernel[(triton.cdiv(x.numel(), 1024),)](x, out, x.numel(), BLOCK=1024)
    return out
"""


@pytest.mark.parametrize("nvim", neovims(), ids=version)
def test_a_workspace_is_laid_out_and_a_pair_converted(
    nvim: str, binary: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    folders = [tmp_path / "without a server", tmp_path / "with one"]
    for folder in folders:
        folder.mkdir()
    pair = folders[0] / "pair.py"
    pair.write_text(PAIR)
    run = subprocess.run(
        [nvim, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-S", HERE / "convert.lua"],
        cwd=folders[0],
        env=environment
        | {
            "FUSEWRIGHT_HOME": str(tmp_path / "home"),
            "FUSEWRIGHT_TEST_PLUGIN": str(ROOT / "neovim"),
            "FUSEWRIGHT_TEST_BINARY": str(binary),
            "FUSEWRIGHT_TEST_PAIR": str(pair),
            "FUSEWRIGHT_TEST_FOLDER": str(folders[1]),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    for folder in folders:
        assert (folder / "triton_training_data/fusion_ideas.txt").is_file()
    assert pair.read_text() == PAIR, "converted to the open style and back"


@pytest.mark.parametrize("nvim", neovims(), ids=version)
def test_kernels_are_written_from_the_editor(
    nvim: str, binary: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "pair.py").write_text(PAIR)
    (folder / "module.py").write_text(MODULE)
    answer = tmp_path / "answer.md"
    answer.write_text(f"```python\n{KERNEL}```\n")
    program = tmp_path / "slow-model"
    # The second half comes when the test says so, by a file.
    first = 1 + answer.read_text()[: answer.read_text().index("# the second half")].count("\n")
    program.write_text(
        f"#!/bin/sh\ncat > /dev/null\nhead -n {first - 1} '{answer}'\n"
        f"until [ -e '{program}.go' ]; do sleep 0.05; done\ntail -n +{first} '{answer}'\n"
    )
    program.chmod(0o755)
    run = subprocess.run(
        [nvim, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-S", HERE / "generate.lua"],
        cwd=folder,
        env=environment
        | {
            "FUSEWRIGHT_HOME": str(tmp_path / "home"),
            "FUSEWRIGHT_TEST_PLUGIN": str(ROOT / "neovim"),
            "FUSEWRIGHT_TEST_BINARY": str(binary),
            "FUSEWRIGHT_TEST_PAIR": str(folder / "pair.py"),
            "FUSEWRIGHT_TEST_MODULE": str(folder / "module.py"),
            "FUSEWRIGHT_TEST_PROGRAM": str(program),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert run.returncode == 0, run.stdout + run.stderr


IDEA = """\"\"\"Fused Kernels: add, relu\"\"\"

# <PYTHON>
import torch


def add_relu_torch(x, y):
    return torch.relu(x + y)

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def add_relu_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n, other=0.0)
    y = tl.load(y_ptr + at, mask=at < n, other=0.0)
    tl.store(out_ptr + at, RESULT, mask=at < n)


def add_relu_triton(x, y):
    out = torch.empty_like(x)
    add_relu_kernel[(triton.cdiv(x.numel(), 256),)](x, y, out, x.numel(), BLOCK=256)
    return out

# <TEST>
import torch


def get_test_inputs():
    INPUTS
"""
INPUTS = 'return torch.randn(1000, device="cuda"), torch.randn(1000, device="cuda")'
WRONG = "x + y"
RIGHT = "tl.maximum(x + y, 0.0)"
# They take a minute.
SLOW = """mixture = torch.randn(2000, 2000, device="cuda")
    for _ in range(500):
        mixture = torch.tanh(mixture @ mixture)
    return mixture[0], mixture[1]"""


def idea(result: str, inputs: str = INPUTS) -> str:
    """A pair for "add, relu" whose kernel stores `result`."""
    return IDEA.replace("RESULT", result).replace("INPUTS", inputs)


def task(text: str) -> str:
    """The same pair as a task names its functions."""
    named = text.replace("add_relu_torch", "fused_kernel_pytorch")
    return named.replace("add_relu_triton", "fused_kernel_triton_wrapper")


@pytest.mark.parametrize("nvim", neovims(), ids=version)
def test_the_loop_is_seen_cancelled_and_brought_to_its_end(
    nvim: str, binary: Path, workspace: Path, environment: dict[str, str]
) -> None:
    (workspace / "triton_training_data/fusion_ideas.txt").write_text("add, relu\n# Later:\nadd, tanh\n")
    # Other inputs than the idea's: its verdict would be known already.
    (workspace / "mine.py").write_text(idea(WRONG, INPUTS.replace("1000", "900")))
    # The idea that is archived, the one that is given up, the task, and the user's own pair.
    archived = [idea(WRONG), idea("tl.no_such_function(x + y)"), idea(RIGHT)]
    given_up = idea("x * y", SLOW)
    answers = iter([*archived, given_up, task(idea(WRONG)), task(idea(RIGHT)), idea(RIGHT)])

    def answer(messages: list[dict[str, str]]) -> str:
        if wants_analysis(messages):
            return "ROOT CAUSE: It is not what was asked for.\nPLANNED FIX: Write that.\n"
        return f"```python\n{next(answers)}```\n"

    with simulated_model(answer) as model:
        run = subprocess.run(
            [nvim, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-S", HERE / "loop.lua"],
            cwd=workspace,
            env=environment
            | {
                "OPENAI_API_KEY": "unused",
                "FUSEWRIGHT_TEST_PLUGIN": str(ROOT / "neovim"),
                "FUSEWRIGHT_TEST_BINARY": str(binary),
                "FUSEWRIGHT_TEST_WORKSPACE": str(workspace),
                "FUSEWRIGHT_TEST_MODEL": model.base_url,
                "FUSEWRIGHT_TEST_PAIR": str(workspace / "mine.py"),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
    assert run.returncode == 0, run.stdout + run.stderr
    asked = model.asked[-1][-1]["content"]
    assert "expected 0, got -" in asked, "the verdict is what the kernel is fixed with"
    output = workspace / "triton_training_data/output"
    attempts = [json.loads(line) for line in (output / "attempts.jsonl").read_text().splitlines()]
    assert [(line["kind"], line["verdict"]["verdict"]) for line in attempts] == [
        ("idea", "wrong"),
        ("idea", "error"),
        ("idea", "untimed"),
        ("task", "wrong"),
        ("task", "untimed"),
        ("fix", "untimed"),
    ]
    assert {line["writer"].split()[0] for line in attempts} == {MODEL}
    examples = [json.loads(line) for line in (output / "training_data.jsonl").read_text().splitlines()]
    assert len(examples) == 2, "the idea and the task"
    for example in examples:
        assert "tl.maximum(x + y, 0.0)" in example["triton_code"]


def test_help_tags_resolve(tmp_path: Path) -> None:
    nvim = neovims()[0]
    folder = tmp_path / "doc"
    folder.mkdir()
    (folder / "fusewright.txt").write_bytes((ROOT / "neovim/doc/fusewright.txt").read_bytes())
    subprocess.run(
        [nvim, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"helptags {folder}", "-c", "qall!"],
        check=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    tags = (folder / "tags").read_text()
    for command in (
        "Init",
        "Generate",
        "Fix",
        "Verify",
        "Archive",
        "Convert",
        "Run",
        "Abandon",
        "Cancel",
        "Doctor",
    ):
        assert f":Fusewright{command}\t" in tags
