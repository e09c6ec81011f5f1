"""A user's whole path in real Neovims: open, read what is wrong, fix, verify, archive, quit."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

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
    for command in ("Verify", "Archive", "Cancel", "Doctor"):
        assert f":Fusewright{command}\t" in tags
