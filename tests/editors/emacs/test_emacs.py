"""A user's path in a real Emacs, with both of its clients: a fault, its fix, a verdict, the dataset."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from simulated_model import simulated_model

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
# Longer than the limit in user.el, so that its own messages come first.
LIMIT_S = 420


@pytest.fixture(scope="session")
def emacs() -> str:
    """Emacs with both clients, installed first where it is missing."""
    run = subprocess.run(["bash", HERE / "install.sh"], stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout.strip()


@pytest.mark.parametrize("client", ["eglot", "lsp-mode"])
def test_from_a_fault_to_the_dataset(
    client: str, emacs: str, binary: Path, workspace: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    source = (ROOT / "examples/demo/bias_gelu_scale.py").read_text()
    pair = workspace / "bias_gelu_scale.py"
    pair.write_text(source.replace("# <TRITON>", "# <TRITION>"))
    kernel = source.partition("# <TRITON>\n")[2].partition("# </TRITON>")[0].partition("# <TEST>")[0]

    with simulated_model(lambda _: f"```python\n{kernel.rstrip()}\n# written by a model\n```\n") as model:
        run = subprocess.run(
            [emacs, "--no-init-file", "--batch", "--load", HERE / "user.el"],
            cwd=workspace,
            env=environment
            | {
                "HOME": str(tmp_path),
                "OPENAI_API_KEY": "unused",
                "FUSEWRIGHT_TEST_CLIENT": client,
                "FUSEWRIGHT_TEST_PLUGIN": str(ROOT / "emacs"),
                "FUSEWRIGHT_TEST_BINARY": str(binary),
                "FUSEWRIGHT_TEST_PAIR": str(pair),
                "FUSEWRIGHT_TEST_MODEL": model.base_url,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
    assert run.returncode == 0, run.stdout + run.stderr

    output = workspace / "triton_training_data/output"
    (line,) = (output / "training_data.jsonl").read_text().splitlines()
    assert "def bias_gelu_scale_torch" in json.loads(line)["python_code"]
    (attempt,) = (output / "attempts.jsonl").read_text().splitlines()
    assert json.loads(attempt)["verdict"] is None, "nobody asked for a verdict on it"


def test_the_package_compiles_without_a_warning(emacs: str, tmp_path: Path) -> None:
    copy = tmp_path / "fusewright.el"
    copy.write_bytes((ROOT / "emacs/fusewright.el").read_bytes())
    run = subprocess.run(
        [
            *(emacs, "-Q", "--batch", "--eval", "(setq byte-compile-error-on-warn t)"),
            *("-f", "batch-byte-compile", str(copy)),
        ],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
