"""What an agent does who follows the task's document by hand, to the letter, with Python, `mv` and `rm`.

The agent writes its own measurement and its own reports; Fusewright lays out the folder, draws the task and
judges.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

BENCHMARK = "triton_training_data/scripts/benchmark.py"
RULE = "=" * 60

# In the structure that the document requires, line for line; inputs come from the main block.
FILE = '''"""Fused Kernels: TITLE"""

# <PYTHON>
import torch
import torch.nn.functional as F

def fused_kernel_pytorch(x, scale):
    """
    PyTorch or Python implementation combining:
    1. normalize
    2. scale
    3. relu
    """
    x = F.normalize(x, dim=-1)
    x = x * scale
    return F.relu(x)

# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl

@triton.jit
def fused_kernel_triton(
x_ptr, out_ptr, scale, n_columns, BLOCK: tl.constexpr
):
    """
    Triton fused kernel implementation
    """
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=0.0)
    y = x / tl.maximum(tl.sqrt(tl.sum(x * x, axis=0)), 1e-12)
    tl.store(out_ptr + row * n_columns + columns, tl.maximum(STORED, 0.0), mask=mask)

def fused_kernel_triton_wrapper(x, scale):
    """
    Wrapper for the Triton kernel
    """
    x = x.contiguous()
    out = torch.empty_like(x)
    n_rows, n_columns = x.shape
    fused_kernel_triton[(n_rows,)](x, out, scale, n_columns, BLOCK=triton.next_power_of_2(n_columns))
    return out

# </TRITON>

# <TEST>
import torch
import time

def test_performance(pytorch_func, triton_func, inputs, num_runs=50):
    """Test performance of both implementations"""
    results = {}
    for name, func in (("PyTorch", pytorch_func), ("Triton", triton_func)):
        try:
            output = func(*inputs)
            start = time.time()
            for _ in range(num_runs):
                output = func(*inputs)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            results[name] = (time.time() - start, output, None)
        except Exception as error:
            results[name] = (None, None, error)
    return results

# </TEST>

# Main execution block
if __name__ == '__main__':
    print("=== ATTEMPT NUMBER: TITLE ===")
    num_runs = 2
    device = "cuda" if torch.cuda.is_available() else "cpu"
    x = torch.randn(24, 48, device=device)
    results = test_performance(fused_kernel_pytorch, fused_kernel_triton_wrapper, (x, 2.5), num_runs)
    errors = [f"{name}: {error}" for name, (_, _, error) in results.items() if error is not None]
    if not errors and not torch.allclose(results["Triton"][1], results["PyTorch"][1], rtol=1e-4, atol=1e-5):
        errors = ["the outputs differ"]
    if errors:
        print("FAILURE:", *errors)
    else:
        (pytorch_time, _, _), (triton_time, _, _) = results["PyTorch"], results["Triton"]
        print("=" * 60)
        print("FINAL TEST REPORT - ATTEMPT NUMBER")
        print("=" * 60)
        print("PyTorch Implementation: ✓ SUCCESS")
        print("Triton Implementation:  ✓ SUCCESS\\n")
        print(f"PyTorch Time: {pytorch_time:.4f}s ({pytorch_time / num_runs * 1000:.2f}ms per run)")
        print(f"Triton Time:  {triton_time:.4f}s ({triton_time / num_runs * 1000:.2f}ms per run)\\n")
        print(f"🏆 RESULT: Triton is {pytorch_time / triton_time:.2f}x FASTER than PyTorch\\n")
        print("✅ SUCCESS: Both implementations completed successfully!")
        print("TASK COMPLETED - Stopping execution.")
'''

WRONG, BROKEN, RIGHT = "y", "tl.no_such_function(y)", "y * scale"


class Agent:
    """Types commands in the workspace's root."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        # On a machine without a GPU the agent's own run needs Triton's interpreter; a GPU would not notice.
        self.environment = (
            environment if torch.cuda.is_available() else {**environment, "TRITON_INTERPRET": "1"}
        )

    def types(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        words = [sys.executable if word == "python" else word for word in command]
        return subprocess.run(
            words, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=300
        )

    def writes(self, name: str, title: str, attempt: int, result: str) -> None:
        text = FILE.replace("TITLE", title).replace("NUMBER", str(attempt)).replace("STORED", result)
        (self.root / name).write_text(text, encoding="utf-8")

    def judges(self, name: str) -> dict[str, Any]:
        (line,) = self.types("python", BENCHMARK, name).stdout.splitlines()
        return json.loads(line)

    def files(self) -> set[str]:
        return {str(path.relative_to(self.root)) for path in self.root.glob("**/[0-9]*_fused_kernels.py")}


@pytest.fixture
def agent(workspace: Path, environment: dict[str, str]) -> Agent:
    return Agent(workspace, environment)


def task_of(agent: Agent) -> tuple[str, str]:
    """Step 1: the operations, and the name for the file."""
    told = agent.types("python", "generate_fusion_task.py")
    assert (told.returncode, told.stderr) == (0, "")
    title, *_, last = told.stdout.splitlines()
    return title, last.removeprefix("File: ")


def test_a_task_is_failed_analysed_mended_and_moved(agent: Agent, binary: Path) -> None:
    task, name = task_of(agent)
    assert name == "001_fused_kernels.py"

    # Steps 2 to 4, attempt 1: the file, the way the document has it, and `python FILE`.
    agent.writes(name, task, 1, WRONG)
    assert agent.types(binary, "check", name).returncode == 0
    ran = agent.types("python", name)
    assert ran.stdout.splitlines() == [f"=== ATTEMPT 1: {task} ===", "FAILURE: the outputs differ"]
    # The verdict says for step 5 what failed, where and by how much.
    verdict = agent.judges(name)
    assert (verdict["status"], verdict["correct"], verdict["verdict"]) == ("SUCCESS", False, "wrong")
    assert re.search(r"differs at \d+ of 1152 elements; first at \(\d+, \d+\): expected ", verdict["reason"])

    # Attempt 2, whose kernel the compiler refuses.
    agent.writes(name, task, 2, BROKEN)
    ran = agent.types("python", name)
    assert ran.stdout.startswith(f"=== ATTEMPT 2: {task} ===\nFAILURE: Triton: ")
    verdict = agent.judges(name)
    assert (verdict["status"], verdict["correct"]) == ("FAILED", False)
    line = next(number for number, text in enumerate(FILE.splitlines(), 1) if "STORED, 0.0" in text)
    assert (verdict["error"]["implementation"], verdict["error"]["line"]) == ("triton", line)
    assert "no_such_function" in verdict["error"]["message"]

    # Attempt 3 succeeds: the final report in the document's layout.
    agent.writes(name, task, 3, RIGHT)
    ran = agent.types("python", name)
    seconds = r"\d\.\d{4}s \(\d+\.\d\dms per run\)"
    report = [
        re.escape(f"=== ATTEMPT 3: {task} ==="),
        RULE,
        "FINAL TEST REPORT - ATTEMPT 3",
        RULE,
        "PyTorch Implementation: ✓ SUCCESS",
        "Triton Implementation:  ✓ SUCCESS",
        "",
        f"PyTorch Time: {seconds}",
        f"Triton Time:  {seconds}",
        "",
        r"🏆 RESULT: Triton is \d+\.\d\dx FASTER than PyTorch",
        "",
        "✅ SUCCESS: Both implementations completed successfully!",
        r"TASK COMPLETED - Stopping execution\.",
    ]
    assert re.fullmatch("\n".join(report) + "\n", ran.stdout), ran.stdout
    verdict = agent.judges(name)
    assert (verdict["status"], verdict["correct"], verdict["error"]) == ("SUCCESS", True, None)
    assert verdict["verdict"] in {"pass", "untimed"}

    # Step 7.
    assert agent.types("mv", name, "data/").returncode == 0
    assert agent.files() == {"data/001_fused_kernels.py"}
    # What is done is not drawn again, and its number not given again.
    again = {task_of(agent) for _ in range(3)}
    assert task not in {title for title, _ in again}
    assert {name for _, name in again} == {"002_fused_kernels.py"}
    # The verdict belongs to the text and not to its place: what was moved can be archived.
    archived = agent.types(binary, "archive", "--allow-untimed", f"data/{name}")
    assert archived.returncode == 0, archived.stderr
    dataset = (agent.root / "triton_training_data/output/training_data.jsonl").read_text()
    (example,) = map(json.loads, dataset.splitlines())
    assert list(example) == ["description", "python_code", "triton_code", "test_code"]
    assert "def get_test_inputs():" in example["test_code"]


def test_a_task_that_failed_three_times_is_deleted_and_nothing_remembers_it(
    agent: Agent, binary: Path
) -> None:
    task, name = task_of(agent)
    for attempt in (1, 2, 3):
        agent.writes(name, task, attempt, WRONG)
        assert agent.types("python", name).stdout.startswith(f"=== ATTEMPT {attempt}: {task} ===")
    assert agent.judges(name)["correct"] is False
    # Step 8.
    assert agent.types("rm", name).returncode == 0
    assert agent.files() == set()
    assert task_of(agent)[1] == name
    ideas = agent.types(binary, "ideas", "--json")
    assert ideas.returncode == 0
    assert {json.loads(line)["state"] for line in ideas.stdout.splitlines()} == {"open"}


def test_the_documents_own_skeleton_is_recognised_and_its_gaps_named(agent: Agent, binary: Path) -> None:
    """Copied as it stands, `pass` for bodies and no inputs: each gap is told, and nothing is judged."""
    skeleton = (
        FILE[: FILE.index("    row = ")]
        + "    pass\n"
        + FILE[FILE.index("\ndef fused_kernel_triton_wrapper") :]
    )
    skeleton = skeleton[: skeleton.index("    num_runs = 2")]
    (agent.root / "001_fused_kernels.py").write_text(skeleton)
    checked = agent.types(binary, "check", "001_fused_kernels.py")
    assert checked.returncode == 1
    assert "get_test_inputs" in checked.stdout
    verdict = agent.judges("001_fused_kernels.py")
    assert (verdict["status"], verdict["correct"]) == ("FAILED", False)
