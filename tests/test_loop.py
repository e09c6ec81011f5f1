"""The loop over ideas and tasks as a user runs it: binary and harness are real, the model is simulated."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from simulated_model import SimulatedModel, attempts_before, simulated_model, wants_analysis

IDEAS = "triton_training_data/fusion_ideas.txt"
CANDIDATE = "triton_training_data/examples/temp_candidate.py"
OUTPUT = "triton_training_data/output"

PAIR = '''"""Fused Kernels: add, relu"""

# <PYTHON>
import torch


def NAME_REFERENCE(x, y):
    return torch.relu(x + y)

# CLOSE_PYTHON
# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def add_relu_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    y = tl.load(y_ptr + offsets, mask=mask, other=0.0)
    tl.store(out_ptr + offsets, RESULT, mask=mask)


def NAME_CANDIDATE(x, y):
    out = torch.empty_like(x)
    n = out.numel()
    add_relu_kernel[(triton.cdiv(n, 256),)](x, y, out, n, BLOCK=256)
    return out

# CLOSE_TRITON
# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(1000, device="cuda"), torch.randn(1000, device="cuda"))
# CLOSE_TEST
'''

RIGHT = "tl.maximum(x + y, 0.0)"
WRONG = "x + y"
# Triton has no such function: the compiler refuses it.
BROKEN = "tl.no_such_function(x + y)"

ANALYSIS = (
    "ROOT CAUSE: the kernel leaves the rectifier out.\nPLANNED FIX: take the maximum of the sum and zero."
)


def pair(result: str, *, closed: bool = False) -> str:
    """A pair for `add, relu` whose kernel stores `result`."""
    names = (
        ("fused_kernel_pytorch", "fused_kernel_triton_wrapper")
        if closed
        else ("add_relu_torch", "add_relu_triton")
    )
    text = (
        PAIR.replace("NAME_REFERENCE", names[0]).replace("NAME_CANDIDATE", names[1]).replace("RESULT", result)
    )
    for block in ("PYTHON", "TRITON", "TEST"):
        text = text.replace(f"# CLOSE_{block}\n", f"# </{block}>\n" if closed else "")
    return f"Here is the pair.\n\n```python\n{text}```\n"


def says(*results: str, closed: bool = False) -> Any:
    """A model that stores these, one after the other, and analyses each failure."""

    def answer(messages: list[dict[str, str]]) -> str:
        if wants_analysis(messages):
            return ANALYSIS
        return pair(results[min(attempts_before(messages), len(results) - 1)], closed=closed)

    return answer


class Loop:
    """A workspace whose model is on loopback."""

    def __init__(self, binary: Path, root: Path, environment: dict[str, str]) -> None:
        self.binary, self.root, self.environment = binary, root, environment

    def use(self, model: SimulatedModel) -> None:
        (self.root / "fusewright.toml").write_text(
            "[dataset]\nallow_untimed = true\n"
            f'[model]\nprovider = "openai"\nbase_url = "{model.base_url}"\nmodel = "simulated-coder"\n'
        )
        assert self.run("trust").returncode == 0

    def command(self, *arguments: str) -> list[str]:
        return [str(self.binary), *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def events(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*arguments, "--json").stdout.splitlines()]

    def lines(self, name: str) -> list[dict[str, Any]]:
        path = self.root / OUTPUT / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def ideas(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run("ideas", "--json").stdout.splitlines()]

    def strays(self) -> set[str]:
        """What lies in the workspace beyond what `init` lays out and the loop's own records."""
        known = {
            "fusewright.toml",
            "generate_fusion_task.py",
            IDEAS,
            "triton_training_data/README.md",
            "triton_training_data/scripts/benchmark.py",
            *(f"{OUTPUT}/{name}.jsonl" for name in ("training_data", "provenance", "attempts", "ideas")),
        }
        files = {str(path.relative_to(self.root)) for path in self.root.rglob("*") if not path.is_dir()}
        return files - known


@pytest.fixture
def loop(binary: Path, workspace: Path, environment: dict[str, str]) -> Loop:
    (workspace / IDEAS).write_text("add, relu\ntanh, scale\n")
    return Loop(binary, workspace, environment)


def test_a_wrong_kernel_is_analysed_mended_and_archived_on_the_third_attempt(loop: Loop) -> None:
    with simulated_model(says(WRONG, BROKEN, RIGHT)) as model:
        loop.use(model)
        ran = loop.run("run", "--next")
        asked = model.asked
    assert ran.returncode == 0, ran.stderr
    assert "archived idea 1 (add, relu) as line 1" in ran.stdout
    assert ran.stdout.rstrip().endswith("Fused add, relu. (3 attempts)")
    # Each failure is analysed, in writing, before the next attempt.
    log = ran.stderr
    marks = [
        "attempt 1 of 3",
        "wrong",
        "FAILURE ANALYSIS - ATTEMPT 1",
        "ROOT CAUSE ANALYSIS:\nthe kernel leaves the rectifier out.",
        "attempt 2 of 3",
        "FAILURE ANALYSIS - ATTEMPT 2",
        "Stage: Compilation",
        "attempt 3 of 3",
    ]
    places = [log.find(mark) for mark in marks]
    assert -1 not in places, dict(zip(marks, places, strict=True))
    assert places == sorted(places)
    # The next attempt sees the verdict and the analysis.
    kinds = [wants_analysis(messages) for messages in asked]
    assert kinds == [False, True, False, True, False]
    assert "leaves the rectifier out" in asked[2][-1]["content"]
    assert "no_such_function" in asked[4][-1]["content"]

    attempts = loop.lines("attempts.jsonl")
    assert [line["attempt"] for line in attempts] == [1, 2, 3]
    assert [line["verdict"]["verdict"] for line in attempts] == ["wrong", "error", "untimed"]
    assert [line["analysis"] is not None for line in attempts] == [True, True, False]
    for line in attempts:
        assert (line["kind"], line["about"], line["of"]) == ("idea", "add, relu", 3)
        assert line["prompt"][0]["role"] == "system"
        assert "```python" in line["answer"]
        assert all(line["code"][block] for block in ("python", "triton", "test"))
        assert line["writer"].startswith("simulated-coder at 127.0.0.1")
        assert line["usage"]["answer"] > 0
    (example,) = loop.lines("training_data.jsonl")
    assert list(example) == ["description", "python_code", "triton_code", "test_code"]
    assert example["description"] == "Fused add, relu."
    assert RIGHT in example["triton_code"]
    (origin,) = loop.lines("provenance.jsonl")
    assert origin["model"].startswith("simulated-coder at 127.0.0.1")
    assert origin["attempts"] == 3
    assert loop.strays() == set()
    assert [idea["state"] for idea in loop.ideas()] == ["archived", "open"]
    again = loop.run("run", "--idea", "1")
    assert again.returncode == 2
    assert "idea 1 (add, relu) is archived as line 1 of the dataset" in again.stderr


def test_three_failures_abandon_the_idea_and_delete_the_file(loop: Loop) -> None:
    with simulated_model(says(WRONG)) as model:
        loop.use(model)
        ran = loop.run("run", "--next")
        assert (ran.returncode, loop.strays()) == (1, set()), ran.stderr
        assert "abandoned idea 1 (add, relu) after 3 attempts: wrong" in ran.stdout
        assert [idea["state"] for idea in loop.ideas()] == ["abandoned", "open"]
        assert [line["verdict"]["verdict"] for line in loop.lines("attempts.jsonl")] == ["wrong"] * 3
        assert loop.lines("training_data.jsonl") == []
        # The user may have it done again, from its first attempt on.
        model.answer = says(RIGHT)
        again = loop.run("run", "--redo", "1")
    assert again.returncode == 0, again.stderr
    assert [(idea["state"], idea.get("attempts")) for idea in loop.ideas()] == [
        ("archived", 1),
        ("open", None),
    ]


def test_an_answer_without_a_pair_is_a_failed_attempt(loop: Loop) -> None:
    def answer(messages: list[dict[str, str]]) -> str:
        return pair(RIGHT) if attempts_before(messages) else "I would rather not."

    with simulated_model(answer) as model:
        loop.use(model)
        events = loop.events("run", "--next")
    assert [event["attempt"] for event in events if event["event"] == "attempt"] == [1, 2]
    assert [event["end"] for event in events if event["event"] == "finished"] == ["archived"]
    first, second = loop.lines("attempts.jsonl")
    assert (first["answer"], first["code"]["triton"]) == ("I would rather not.", "")
    assert first["verdict"]["error"]["type"] == "NoKernel"
    assert second["verdict"]["verdict"] == "untimed"


def test_the_events_are_lines_of_json(loop: Loop) -> None:
    with simulated_model(says(WRONG, RIGHT)) as model:
        loop.use(model)
        events = loop.events("run", "--next")
    kinds = [event["event"] for event in events]
    order = [
        "attempt",
        "answer",
        "candidate",
        "verdict",
        "analysis",
        "attempt",
        "candidate",
        "verdict",
        "candidate",
    ]
    assert [kind for kind in kinds if kind in order and kind != "answer"] == [
        kind for kind in order if kind != "answer"
    ]
    assert kinds[-2:] == ["finished", "done"]
    assert [event["exists"] for event in events if event["event"] == "candidate"] == [True, True, False]
    assert events[-1] == {"event": "done", "status": 0, "finished": 1, "left": 1}


def test_ctrl_c_stops_and_the_next_run_goes_on_where_it_was(loop: Loop) -> None:
    with simulated_model(says(WRONG, RIGHT)) as model:
        loop.use(model)
        running = subprocess.Popen(
            loop.command("run", "--next", "--json"),
            cwd=loop.root,
            env=loop.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert running.stdout is not None
        for line in running.stdout:
            # The second attempt is on its way: slow it down, and stop it there.
            if json.loads(line)["event"] == "analysis":
                model.pause_s = 1.0
            if json.loads(line) == {"event": "attempt", "attempt": 2, "of": 3, "about": "add, relu"}:
                running.send_signal(signal.SIGINT)
                break
        rest, log = running.communicate(timeout=60)
        assert running.returncode == 130
        assert json.loads(rest.splitlines()[-1]) == {"event": "stopped", "status": 130, "reason": "cancelled"}
        assert "goes on from here" in log
        assert [idea["state"] for idea in loop.ideas()] == ["at_work", "open"]
        asked = len(model.asked)
        model.pause_s = 0.0
        ran = loop.run("run", "--next")
    assert ran.returncode == 0, ran.stderr
    # Attempt 2 goes on as attempt 2, and knows of the first; the first is not made again.
    assert "attempt 1 of 3" not in ran.stderr
    assert len(model.asked) == asked + 1
    assert "leaves the rectifier out" in model.asked[-1][-1]["content"]
    assert [line["attempt"] for line in loop.lines("attempts.jsonl")] == [1, 2]
    assert loop.strays() == set()


def test_somebody_elses_candidate_is_left_alone(loop: Loop) -> None:
    (loop.root / CANDIDATE).write_text("# mine\n")
    with simulated_model(says(RIGHT)) as model:
        loop.use(model)
        ran = loop.run("run", "--all")
    assert (ran.returncode, model.asked) == (2, [])
    assert f"{CANDIDATE} was not written by this loop, so it is left alone" in ran.stderr
    assert (loop.root / CANDIDATE).read_text() == "# mine\n"


def test_a_candidate_that_was_changed_is_left_alone_until_it_is_given_up(loop: Loop) -> None:
    with simulated_model(says(RIGHT)) as model:
        loop.use(model)
        (loop.root / "fusewright.toml").write_text(
            (loop.root / "fusewright.toml").read_text().replace("= true", "= false")
        )
        assert loop.run("trust").returncode == 0
        ran = loop.run("run", "--next", "--json")
        # Right, but untimed: another attempt would mend nothing, so the idea waits for a GPU or for leave.
        assert ran.returncode == 2
        assert "there is no GPU to time it on" in ran.stderr
        assert loop.lines("attempts.jsonl") == []
        candidate = loop.root / CANDIDATE
        text = candidate.read_text()
        candidate.write_text(text + "# mine\n")
        refused = loop.run("run", "--next", "--allow-untimed")
        assert refused.returncode == 2
        assert 'was changed since attempt 1 at "add, relu" wrote it' in refused.stderr
        gave_up = loop.run("abandon")
        assert "was changed by somebody else, so it is still there" in gave_up.stdout
        assert candidate.read_text().endswith("# mine\n")
        candidate.unlink()
        assert [idea["state"] for idea in loop.ideas()] == ["abandoned", "open"]
        assert len(model.asked) == 1
        # With leave, and from the journal alone, what was written once is judged and archived.
        assert loop.run("ideas", "--redo", "1").returncode == 0
        ran = loop.run("run", "--idea", "1", "--allow-untimed")
    assert ran.returncode == 0, ran.stderr
    assert loop.strays() == set()


def drawn(loop: Loop, seed: str) -> str:
    """The task that the workspace's script draws with that seed, now."""
    command = [sys.executable, loop.root / "generate_fusion_task.py", "--seed", seed]
    told = subprocess.run(command, cwd=loop.root, capture_output=True, text=True, check=True)
    return told.stdout.splitlines()[0]


def test_a_task_is_drawn_mended_moved_and_archived(loop: Loop) -> None:
    with simulated_model(says(WRONG, RIGHT, closed=True)) as model:
        loop.use(model)
        task = drawn(loop, "7")
        ran = loop.run("run", "--task", "--seed", "7")
    assert ran.returncode == 0, ran.stderr
    assert "FAILURE ANALYSIS - ATTEMPT 1" in ran.stderr
    assert "FINAL TEST REPORT - ATTEMPT 2" in ran.stdout
    assert loop.strays() == {"data/001_fused_kernels.py"}
    text = (loop.root / "data/001_fused_kernels.py").read_text()
    assert "=== ATTEMPT 2: " in text
    assert "def test_performance(" in text
    (example,) = loop.lines("training_data.jsonl")
    assert RIGHT in example["triton_code"]
    assert [line["kind"] for line in loop.lines("attempts.jsonl")] == ["task", "task"]
    assert drawn(loop, "7") != task, "what is done is not drawn again"
    # As the seed document has it: the file alone runs and reports.
    alone = subprocess.run(
        [sys.executable, loop.root / "data/001_fused_kernels.py"],
        env=loop.environment | {"TRITON_INTERPRET": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "=== ATTEMPT 2: " in alone.stdout, alone.stderr


def test_a_task_that_fails_three_times_is_deleted_and_reported(loop: Loop) -> None:
    with simulated_model(says(WRONG, closed=True)) as model:
        loop.use(model)
        ran = loop.run("run", "--task")
    assert (ran.returncode, loop.strays()) == (1, set()), ran.stderr
    assert "FINAL TEST REPORT - ATTEMPT 3" in ran.stdout
    assert "after 3 attempts" in ran.stdout
    assert len(loop.lines("attempts.jsonl")) == 3


def test_who_follows_the_ideas_by_hand_is_not_done_twice(loop: Loop) -> None:
    """What an agent types, literally: write the file, run the benchmark, append the line, delete the file."""
    code = pair(RIGHT).split("```python\n")[1].removesuffix("```\n")
    (loop.root / CANDIDATE).write_text(code)
    judged = subprocess.run(
        [sys.executable, "triton_training_data/scripts/benchmark.py", CANDIDATE],
        cwd=loop.root,
        env=loop.environment,
        capture_output=True,
        text=True,
    )
    line = json.loads(judged.stdout)
    assert (line["status"], line["correct"]) == ("SUCCESS", True)
    assert [idea["state"] for idea in loop.ideas()] == ["open", "open"]
    blocks = {name: code.split(f"# <{name}>\n")[1].split("# <")[0] for name in ("PYTHON", "TRITON", "TEST")}
    example = {
        "description": "Fused Add and ReLU layers.",
        "python_code": blocks["PYTHON"],
        "triton_code": blocks["TRITON"],
        "test_code": blocks["TEST"],
    }
    with (loop.root / OUTPUT / "training_data.jsonl").open("a") as dataset:
        dataset.write(json.dumps(example) + "\n")
    (loop.root / CANDIDATE).unlink()

    states = loop.ideas()
    assert [idea["state"] for idea in states] == ["by_hand", "open"]
    assert states[0]["line"] == 1
    # The loop takes the next one; the same code for it is told from a second example.
    with simulated_model(says(RIGHT)) as model:
        loop.use(model)
        ran = loop.run("run", "--next")
    assert ran.returncode == 0, ran.stderr
    assert [idea["state"] for idea in loop.ideas()] == ["by_hand", "archived"]
    assert len(loop.lines("training_data.jsonl")) == 1
    assert loop.strays() == set()


def test_a_second_loop_is_refused_and_ideas_may_be_skipped_meanwhile(loop: Loop) -> None:
    with simulated_model(says(RIGHT), pause_s=0.2) as model:
        loop.use(model)
        running = subprocess.Popen(
            loop.command("run", "--all", "--json"),
            cwd=loop.root,
            env=loop.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert running.stdout is not None
        for line in running.stdout:
            if json.loads(line)["event"] == "answer":
                break
        second = loop.run("run", "--next")
        refused = loop.run("ideas", "--skip", "1")
        skipped = loop.run("ideas", "--skip", "2")
        model.pause_s = 0.0
        rest, _ = running.communicate(timeout=120)
    assert second.returncode == 2
    assert "another fusewright is at work in" in second.stderr
    assert refused.returncode == 2
    assert "another fusewright is working at idea 1 (add, relu) right now" in refused.stderr
    assert skipped.returncode == 0, skipped.stderr
    assert running.returncode == 0, rest
    assert [idea["state"] for idea in loop.ideas()] == ["archived", "skipped"]
    assert loop.strays() == set()


def test_a_model_is_asked_through_the_proxy_unless_it_is_on_this_machine(loop: Loop) -> None:
    with simulated_model(says(RIGHT)) as model:
        loop.use(model)
        proxy = model.base_url.removesuffix("/v1")
        nobody = "http://127.0.0.1:1"
        # No such name exists: only the proxy can have answered.
        url = "http://models.invalid/v1"
        arguments = ("run", "--next", "--provider", "openai", "--model", "simulated-coder", "--base-url")
        loop.environment |= {"HTTP_PROXY": proxy, "http_proxy": proxy}
        through = loop.run(*arguments, url)
        asked = len(model.asked)
        loop.environment |= {"HTTP_PROXY": nobody, "http_proxy": nobody}
        direct = loop.run("run", "--redo", "1", *arguments[2:], model.base_url)
    assert (through.returncode, asked) == (0, 1), through.stderr
    assert direct.returncode == 0, direct.stderr
    assert len(model.asked) == 2
