"""`fusewright run --all` under kill -9 at random moments: nothing is done twice, lost or left behind.

FUSEWRIGHT_KILLS=100 kills that often with the simulated judge, FUSEWRIGHT_REAL_KILLS=100 with the real one;
FUSEWRIGHT_KILL_SEED draws other moments.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from simulated_model import attempts_before, simulated_model, wants_analysis
from test_loop import ANALYSIS, CANDIDATE, IDEAS, RIGHT, WRONG, Loop, pair
from test_user_path import processes_with

KILLS = int(os.environ.get("FUSEWRIGHT_KILLS", "25"))
REAL_KILLS = int(os.environ.get("FUSEWRIGHT_REAL_KILLS", "3"))
SEED = int(os.environ.get("FUSEWRIGHT_KILL_SEED", "0"))
JUDGE = Path(__file__).with_name("simulated_judge.py")

# What the model says to an idea, attempt for attempt, and so how the idea must end.
COURSES = (("right",), ("wrong", "right"), ("wrong", "wrong", "wrong"), ("nothing", "wrong", "right"))


def idea(number: int) -> str:
    return f"add {number}, relu"


def course(number: int) -> tuple[str, ...]:
    return COURSES[number % len(COURSES)]


def number_of(messages: list[dict[str, str]]) -> int:
    """The idea that a request is about."""
    asked = next(message["content"] for message in messages if message["role"] == "user")
    found = re.search(r"Write a pair for this fusion: add (\d+), relu", asked)
    assert found is not None, asked
    return int(found[1])


# What a model is asked for the first idea, whose kernel is right at once.
FIRST = "Write a pair for this fusion: add 0, relu"


def answer(messages: list[dict[str, str]]) -> str:
    """What the simulated model says."""
    if wants_analysis(messages):
        return ANALYSIS
    number = number_of(messages)
    says = course(number)[attempts_before(messages)]
    if says == "nothing":
        return "I would rather not."
    text = pair(RIGHT if says == "right" else WRONG).replace("add, relu", idea(number))
    # Each idea is code of its own, so that no pair is another's twin.
    text = text.replace("x + y", f"x + y + {number}")
    return text.replace(
        "@triton.jit\n", "@triton.jit\n# simulated: wrong\n" if says == "wrong" else "@triton.jit\n"
    )


def candidate_is_whole(loop: Loop) -> bool:
    path = loop.root / CANDIDATE
    return not path.exists() or path.read_text().rstrip().endswith('torch.randn(1000, device="cuda"))')


def kill_at_random(
    loop: Loop, kills: int, longest_s: float, more: int = 8, after: Callable[[], None] = lambda: None
) -> tuple[int, Counter[str]]:
    """Starts the loop and kills it, again and again; returns how often, and where it was then.

    Where it has come to its end, `more` ideas are added. `after` is called after each kill.
    """
    generator = random.Random(SEED)
    places: Counter[str] = Counter()
    done = 0
    for _ in range(kills * 3):
        running = subprocess.Popen(
            loop.command("run", "--all", "--json"),
            cwd=loop.root,
            env=loop.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert running.stdout is not None
        lines = []
        # Half of the moments by the clock, half by what has happened: on a slow machine, starting takes long.
        if generator.random() < 0.5:
            time.sleep(generator.uniform(0, longest_s))
        else:
            events = generator.randint(1, 80)
            lines = [line for line, _ in zip(running.stdout, range(events), strict=False)]
            time.sleep(generator.uniform(0, 0.03))
        running.kill()
        lines += [line for line in running.stdout if line.endswith("}\n")]
        if running.wait() == -9:
            done += 1
            places[json.loads(lines[-1])["event"] if lines else "start"] += 1
        after()
        assert candidate_is_whole(loop)
        if done == kills:
            break
        if running.returncode != -9:
            # It came to its end before: give it more to do.
            with (loop.root / IDEAS).open("a") as file:
                count = len((loop.root / IDEAS).read_text().splitlines())
                file.writelines(f"{idea(number)}\n" for number in range(count, count + more))
    return done, places


def check(loop: Loop) -> None:
    """Every idea came to the end that it must come to, once, and nothing else is there."""
    ideas = (loop.root / IDEAS).read_text().splitlines()
    right = {about: number for number, about in enumerate(ideas) if course(number)[-1] == "right"}
    states = {state["idea"]: state for state in loop.ideas()}
    assert list(states) == ideas
    attempts = Counter((line["about"], line["attempt"]) for line in loop.lines("attempts.jsonl"))
    for number, about in enumerate(ideas):
        assert states[about]["state"] == ("archived" if about in right else "abandoned"), states[about]
        assert states[about]["attempts"] == len(course(number))
        made = [attempts[(about, attempt)] for attempt in range(1, 5)]
        assert made == [1] * len(course(number)) + [0] * (4 - len(course(number))), (about, made)
    descriptions = [line["description"] for line in loop.lines("training_data.jsonl")]
    assert sorted(descriptions) == sorted(f"Fused {about}." for about in right)
    known = {line["description"] for line in loop.lines("provenance.jsonl")}
    assert known == set(descriptions)
    begun = Counter(line["about"] for line in loop.lines("ideas.jsonl") if line["step"] == "begun")
    assert begun == Counter(ideas)
    assert loop.strays() == set()
    assert not (loop.root / CANDIDATE).exists()


@pytest.fixture
def loop(binary: Path, workspace: Path, environment: dict[str, str]) -> Loop:
    (workspace / IDEAS).write_text("".join(f"{idea(number)}\n" for number in range(16)))
    return Loop(binary, workspace, environment)


def test_kills_with_a_simulated_judge(loop: Loop, capsys: pytest.CaptureFixture[str]) -> None:
    del loop.environment["FUSEWRIGHT_PYTHON"]
    with simulated_model(answer, pause_s=0.001, pieces=8) as model:
        loop.use(model)
        settings = loop.root / "fusewright.toml"
        command = json.dumps([sys.executable, str(JUDGE)])
        settings.write_text(settings.read_text() + f"[python]\ncommand = {command}\n")
        assert loop.run("trust").returncode == 0
        done, places = kill_at_random(loop, KILLS, longest_s=1.0)
        last = loop.run("run", "--all")
    assert done == KILLS
    # Ideas were abandoned in the last run, or none were left.
    assert last.returncode in {0, 1}, last.stderr
    check(loop)
    with capsys.disabled():
        print(f"\n{done} kills, by what was last reported: {dict(places)}")


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder for temporary files that workers with a user of their own can pass through."""
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        path = Path(folder)
        path.chmod(0o711)
        yield path


def test_kills_with_the_real_harness(loop: Loop, scratch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (loop.root / IDEAS).write_text("".join(f"{idea(number)}\n" for number in range(2)))
    # bubblewrap would end what it encloses, and has a /tmp of its own: the harness must do without.
    tag = f"killed-{os.getpid()}"
    loop.environment |= {
        "TMPDIR": str(scratch),
        "FUSEWRIGHT_TEST_TAG": tag,
        "FUSEWRIGHT_BUBBLEWRAP": "off",
    }
    longest_gone_s = 0.0

    def nothing_runs_on() -> None:
        nonlocal longest_gone_s
        killed = time.monotonic()
        while (left := processes_with(tag)) and time.monotonic() < killed + 30:
            time.sleep(0.02)
        assert left == []
        longest_gone_s = max(longest_gone_s, time.monotonic() - killed)

    with simulated_model(answer, pieces=8) as model:
        loop.use(model)
        done, places = kill_at_random(loop, REAL_KILLS, longest_s=8.0, more=2, after=nothing_runs_on)
        swept = len(list(scratch.iterdir()))
        last = loop.run("run", "--all")
        # Perhaps nothing was left to judge, and so no harness was started that would have swept.
        (loop.root / "pair.py").write_text(answer([{"role": "user", "content": FIRST}]).split("```")[1][7:])
        swept_by = loop.run("verify", "--allow-untimed", "pair.py")
        (loop.root / "pair.py").unlink()
    assert swept_by.returncode == 0, swept_by.stderr
    assert done == REAL_KILLS
    assert last.returncode in {0, 1}, last.stderr
    check(loop)
    # What was left is swept away by whoever starts next, who cleans up behind itself.
    assert list(scratch.iterdir()) == []
    with capsys.disabled():
        print(
            f"\n{done} kills with the real harness, by what was last reported: {dict(places)}; all processes "
            f"gone within {longest_gone_s:.1f} s; {swept} scratch folders were left, none after the next run"
        )
