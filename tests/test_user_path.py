"""What a user does at the command line, with the real binary, harness and interpreter."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "examples/demo"


def run(
    command: list[str | Path], environment: dict[str, str], cwd: Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd, timeout=600)


@pytest.fixture
def pair(workspace: Path) -> Path:
    """A small closed-style pair in the workspace."""
    copy = workspace / "temp_candidate.py"
    shutil.copyfile(DEMO / "masked_softmax.py", copy)
    return copy


def test_from_init_to_the_dataset(
    binary: Path, workspace: Path, pair: Path, environment: dict[str, str]
) -> None:
    checked = run([binary, "check", pair], environment, workspace)
    assert checked.returncode == 0, checked.stdout + checked.stderr

    early = run([binary, "archive", pair], environment, workspace)
    assert early.returncode != 0
    assert "fusewright verify" in early.stderr

    script = workspace / "triton_training_data/scripts/benchmark.py"
    judged = run([sys.executable, script, pair], environment, workspace)
    (text,) = judged.stdout.splitlines()
    line = json.loads(text)
    assert line["verdict"] in ("pass", "untimed"), line
    assert line["status"] == "SUCCESS"
    assert line["correct"] is True
    assert judged.returncode == (0 if line["verdict"] == "pass" else 1)

    archived = run([binary, "archive", "--allow-untimed", pair], environment, workspace)
    assert archived.returncode == 0, archived.stderr
    (entry,) = (workspace / "triton_training_data/output/training_data.jsonl").read_text().splitlines()
    example = json.loads(entry)
    assert list(example) == ["description", "python_code", "triton_code", "test_code"]

    # The blocks of the dataset are the file's, so that what was archived can be judged again.
    source = pair.read_text()
    assert all(example[f"{block}_code"].strip() in source for block in ("python", "triton", "test"))

    again = run([binary, "archive", "--allow-untimed", pair], environment, workspace)
    assert again.returncode != 0, "a twin was archived"


def test_a_changed_pair_is_not_archived_on_its_old_verdict(
    binary: Path, workspace: Path, pair: Path, environment: dict[str, str]
) -> None:
    judged = run([binary, "verify", "--allow-untimed", pair], environment, workspace)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    pair.write_text(pair.read_text().replace("* scale", "* scale * 1.0"))
    archived = run([binary, "archive", "--allow-untimed", pair], environment, workspace)
    assert archived.returncode != 0
    assert not (workspace / "triton_training_data/output/training_data.jsonl").read_text()


def test_an_interpreter_without_torch_is_named(
    binary: Path, workspace: Path, pair: Path, environment: dict[str, str]
) -> None:
    bare = workspace / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    without = environment | {"FUSEWRIGHT_PYTHON": str(bare / "bin/python")}
    judged = run([binary, "verify", "--json", pair], without, workspace)
    assert judged.returncode == 2
    line = json.loads(judged.stdout)
    assert line["verdict"] is None
    assert line["error"]["implementation"] == "harness"
    assert "torch" in line["reason"]
    assert str(bare) in line["reason"]


def processes_with(tag: str) -> list[str]:
    """The live processes whose environment or command line holds a tag."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            zombie = "\nState:\tZ" in (folder / "status").read_text()
        except OSError:
            continue
        if tag.encode() in text and not zombie:
            found.append(folder.name)
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_an_interrupted_verification_leaves_no_process(
    binary: Path, workspace: Path, environment: dict[str, str], how: signal.Signals
) -> None:
    pair = workspace / "endless.py"
    text = (DEMO / "bias_gelu_scale.py").read_text()
    endless = (
        '    mixture = torch.randn(2000, 2000, device="cuda")\n'
        "    for _ in range(100_000):\n"
        "        mixture = torch.tanh(mixture @ mixture)\n"
        "    x = mixture[:512, :1].expand(512, 2048) + torch.randn"
    )
    pair.write_text(text.replace("    x = torch.randn", endless))

    tag = f"FUSEWRIGHT_TEST_TAG={os.getpid()}-{how.name}"
    key, _, value = tag.partition("=")
    verifying = subprocess.Popen(
        [binary, "verify", pair],
        env=environment | {key: value},
        cwd=workspace,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert verifying.stderr is not None
    late = threading.Timer(120, verifying.kill)
    late.start()
    said: list[str] = []
    # The inputs are made as the first step of the first seed.
    while not any("checking seed 1" in line for line in said[-1:]):
        said.append(verifying.stderr.readline())
        assert said[-1], f"it ended before the inputs were made: {said}"
    late.cancel()
    before = processes_with(tag)
    assert len(before) > 1

    verifying.send_signal(how)
    verifying.wait(30)
    deadline = time.monotonic() + 10
    while processes_with(tag) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_with(tag) == []
