"""The scripts that `fusewright init` lays out, run as an agent runs them."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

# Stands for the binary: says how it was called, and ends with the status that it was asked for.
SIMULATED_BINARY = """#!/bin/sh
printf '{"called": "%s"}\\n' "$*"
exit 3
"""


def run(
    script: Path, *arguments: str | Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=script.parent)


@pytest.fixture
def benchmark(workspace: Path) -> Path:
    return workspace / "triton_training_data/scripts/benchmark.py"


def record(benchmark: Path, binary: Path) -> None:
    """Records another binary, as `fusewright init` of that binary does."""
    lines = benchmark.read_text().splitlines(keepends=True)
    (at,) = [number for number, line in enumerate(lines) if line.startswith("FUSEWRIGHT = ")]
    lines[at] = f"FUSEWRIGHT = {json.dumps(str(binary))}\n"
    benchmark.write_text("".join(lines))


def test_benchmark_names_the_binary_that_laid_it_out(benchmark: Path, binary: Path) -> None:
    assert f'FUSEWRIGHT = "{binary}"' in benchmark.read_text()


def test_benchmark_hands_over_and_passes_output_and_status_on(
    benchmark: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    simulated = tmp_path / "simulated binary"
    simulated.write_text(SIMULATED_BINARY)
    simulated.chmod(0o755)
    record(benchmark, simulated)
    ran = run(benchmark, "pair.py", "--device", "interpreter", environment=environment)
    assert json.loads(ran.stdout) == {"called": "verify --json pair.py --device interpreter"}
    assert (ran.returncode, ran.stderr) == (3, "")


def test_benchmark_of_a_file_that_is_not_there_is_one_line(
    benchmark: Path, environment: dict[str, str]
) -> None:
    ran = run(benchmark, "gone.py", environment=environment)
    line = json.loads(ran.stdout)
    assert ran.returncode == 2
    assert (line["status"], line["correct"], line["verdict"]) == ("FAILED", False, None)
    assert line["error"]["implementation"] == "harness"
    assert "gone.py does not exist" in line["reason"]


def test_benchmark_without_a_binary_says_how_to_get_one(
    benchmark: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    record(benchmark, tmp_path / "gone")
    ran = run(benchmark, "pair.py", environment=environment | {"PATH": str(tmp_path)})
    line = json.loads(ran.stdout)
    assert ran.returncode == 2
    assert line["status"] == "FAILED"
    assert line["error"]["implementation"] == "harness"
    assert line["reason"] == ran.stderr.strip()
    assert line["reason"] == (
        f"the fusewright binary is gone from {tmp_path / 'gone'} and is not on PATH: "
        "install it and run `fusewright init` in the workspace again"
    )


def test_benchmark_without_a_recorded_binary_takes_the_one_on_path(
    benchmark: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    record(benchmark, tmp_path / "gone")
    simulated = tmp_path / "fusewright"
    simulated.write_text(SIMULATED_BINARY)
    simulated.chmod(0o755)
    ran = run(benchmark, "pair.py", environment=environment | {"PATH": str(tmp_path)})
    assert (ran.returncode, json.loads(ran.stdout)) == (3, {"called": "verify --json pair.py"})


def test_benchmark_with_a_binary_that_cannot_run_says_so(
    benchmark: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF, but no more")
    broken.chmod(0o755)
    record(benchmark, broken)
    ran = run(benchmark, "pair.py", environment=environment)
    assert ran.returncode == 2
    assert f"{broken} cannot be run" in json.loads(ran.stdout)["reason"]


def test_benchmark_without_a_file_says_how_it_is_called(benchmark: Path, environment: dict[str, str]) -> None:
    ran = run(benchmark, environment=environment)
    assert ran.returncode == 2
    assert json.loads(ran.stdout)["reason"] == "no pair file was named: benchmark.py FILE"


@pytest.fixture(scope="module")
def generator() -> Any:
    path = Path(__file__).resolve().parents[1] / "server/engine/src/workspace/assets/generate_fusion_task.py"
    spec = importlib.util.spec_from_file_location("generate_fusion_task", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_a_task_is_one_line_of_operations_and_their_meaning(
    workspace: Path, environment: dict[str, str]
) -> None:
    script = workspace / "generate_fusion_task.py"
    ran = run(script, "--seed", "7", environment=environment)
    again = run(script, "--seed", "7", environment=environment)
    other = run(script, environment=environment)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == again.stdout
    assert other.returncode == 0
    first, _, *rest = ran.stdout.splitlines()
    operations = first.split(", ")
    assert 3 <= len(operations) <= 4
    assert [line.split(":")[0].split(". ")[1] for line in rest[1:-2]] == operations
    assert rest[-2:] == ["", "File: 001_fused_kernels.py"]
    (workspace / "data/041_fused_kernels.py").touch()
    (workspace / "007_fused_kernels.py").touch()
    (workspace / "x99_fused_kernels.py").touch()
    third = run(script, "--seed", "7", environment=environment)
    assert third.stdout == ran.stdout.replace("001", "042")


def drawn(workspace: Path, environment: dict[str, str]) -> str:
    ran = run(workspace / "generate_fusion_task.py", "--seed", "7", environment=environment)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.splitlines()[0]


def test_a_task_that_is_done_is_not_drawn_again(workspace: Path, environment: dict[str, str]) -> None:
    first = drawn(workspace, environment)
    # As a draft's title has it: with other capitals, and with what it is applied to.
    title = first.upper().replace("GELU", "exact GELU")
    finished = workspace / "data/001_fused_kernels.py"
    finished.write_text(f'"""Fused Kernels: {title} of a float32 matrix"""\n')
    second = drawn(workspace, environment)
    assert second != first

    journal = workspace / "triton_training_data/output/ideas.jsonl"

    def note(step: str, kind: str = "task") -> None:
        with journal.open("a") as file:
            file.write(json.dumps({"time": "", "kind": kind, "about": second, "step": step}) + "\n")

    note("begun")
    note("moved", kind="idea")
    assert drawn(workspace, environment) == second
    note("abandoned")
    assert drawn(workspace, environment) not in (first, second)
    note("reopened")
    assert drawn(workspace, environment) == second

    journal.write_text('{"kind": "task", "ab')
    finished.unlink()
    assert drawn(workspace, environment) == first


def test_it_says_when_all_tasks_of_a_seed_are_done(
    workspace: Path, environment: dict[str, str], generator: Any
) -> None:
    random_of_seed = random.Random(7)
    for number in range(generator.MOST):
        operations = ", ".join(operation.name for operation in generator.draw(random_of_seed)[1])
        (workspace / f"data/{number:03}_fused_kernels.py").write_text(f'"""Fused Kernels: {operations}"""\n')
    ran = run(workspace / "generate_fusion_task.py", "--seed", "7", environment=environment)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == (
        "all 100 tasks of seed 7 are done: take another --seed, or move files out of data/\n"
    )


def second(x: torch.Tensor) -> torch.Tensor:
    return torch.randn(x.shape)


def weight(x: torch.Tensor) -> torch.Tensor:
    return torch.randn(24, x.shape[1])


def halves(x: torch.Tensor) -> torch.Tensor:
    return (
        x.reshape(x.shape[0], x.shape[1] // 2, 2 * x.shape[2], *x.shape[3:])
        if x.dim() == 4
        else (x.reshape(2 * x.shape[0], x.shape[1] // 2))
    )


MEANINGS = {
    "linear": lambda x: F.linear(x, weight(x) / x.shape[1] ** 0.5),
    "matmul": lambda x: x @ weight(x).T,
    "einsum": lambda x: torch.einsum("bi,oi->bo", x, weight(x)),
    "convolution": lambda x: F.conv2d(x, torch.randn(8, x.shape[1], 3, 3), padding=1),
    "bias": lambda x: x + torch.randn(x.shape[1], *[1] * (x.dim() - 2)),
    "add": lambda x: x + second(x),
    "subtract": lambda x: x - second(x),
    "multiply": lambda x: x * second(x),
    "divide": lambda x: x / (second(x).abs() + 0.5),
    "concat": lambda x: torch.cat([x, second(x)], dim=1),
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": F.gelu,
    "swish": lambda x: x * torch.sigmoid(1.5 * x),
    "silu": F.silu,
    "softplus": F.softplus,
    "elu": F.elu,
    "exp": torch.exp,
    "log": torch.log,
    "log1p": torch.log1p,
    "rsqrt": torch.rsqrt,
    "pow": lambda x: x.pow(2),
    "abs": torch.abs,
    "sinc": torch.sinc,
    "cosine": torch.cos,
    "scale": lambda x: x * 0.5,
    "clamp": lambda x: x.clamp(-1, 1),
    "softmax": lambda x: x.softmax(1),
    "layernorm": lambda x: F.layer_norm(x.movedim(1, -1), x.shape[1:2]).movedim(-1, 1),
    "rmsnorm": lambda x: x * torch.rsqrt(x.pow(2).mean(1, keepdim=True) + 1e-6),
    "normalize": lambda x: F.normalize(x, dim=1),
    "sum": lambda x: x.sum(1, keepdim=True),
    "mean": lambda x: x.mean(1, keepdim=True),
    "avgpool": lambda x: F.avg_pool2d(x, 2),
    "maxpool": lambda x: F.max_pool2d(x, 2),
    "interpolate": lambda x: F.interpolate(x, scale_factor=2),
    "flatten": lambda x: x.flatten(1),
    "reshape": halves,
    "transpose": lambda x: x.transpose(-1, -2).contiguous(),
}


def test_every_operation_has_a_meaning(generator: Any) -> None:
    assert {operation.name for operation in generator.OPERATIONS} == set(MEANINGS)


def fault(names: list[str], x: torch.Tensor) -> str | None:
    """What is wrong with the operations, applied one after the other."""
    for name in names:
        before, x = x, MEANINGS[name](x)
        if not torch.isfinite(x).all():
            return f"{name} gives what is not finite"
        if x.shape == before.shape and torch.equal(x, before):
            return f"{name} does nothing"
    return None if x.std() > 1e-5 * x.abs().max() else "the result is a constant"


def test_the_operations_of_a_task_fit_together(generator: Any) -> None:
    """In PyTorch: every value is finite, no step does nothing, and the result is no constant."""
    faults = {}
    for seed in range(250):
        torch.manual_seed(seed)
        kind, operations = generator.draw(random.Random(seed))
        names = [operation.name for operation in operations]
        assert 3 <= len(names) <= 4
        x = torch.randn((16, 32) if kind == "matrix" else (4, 8, 8, 8))
        if found := fault(names, x):
            faults[seed] = (names, found)
    assert faults == {}
