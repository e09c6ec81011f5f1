"""What the whole-product tests share: the binary under test and a workspace of its own for each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Hostile pairs, whatever their names: pytest would import what looks like a test.
collect_ignore = ["corpus", "golden"]


@pytest.fixture(scope="session")
def binary() -> Path:
    """The binary under test: FUSEWRIGHT_BINARY, else the debug build."""
    path = Path(os.environ.get("FUSEWRIGHT_BINARY", ROOT / "target/debug/fusewright")).resolve()
    assert path.is_file(), f"no binary at {path}: run `cargo build`, or set FUSEWRIGHT_BINARY"
    return path


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a user who has never used Fusewright, but for the Python side, which is shared."""
    home = tmp_path_factory.mktemp("home")
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CACHE", "CONFIG", "STATE")}
    # A home of Fusewright's own would bring remembered verdicts along; only its interpreter is wanted.
    inherited = {name: value for name, value in os.environ.items() if name != "FUSEWRIGHT_HOME"}
    inherited.setdefault("FUSEWRIGHT_PYTHON", sys.executable)
    return inherited | folders | {"NO_COLOR": "1"}


@pytest.fixture
def workspace(tmp_path: Path, binary: Path, environment: dict[str, str]) -> Path:
    """A workspace that `fusewright init` laid out and that archives pairs judged without a GPU."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    subprocess.run([binary, "init", folder], check=True, capture_output=True, env=environment)
    (folder / "fusewright.toml").write_text("[dataset]\nallow_untimed = true\n")
    return folder
