"""Turns on a device."""

from __future__ import annotations

import threading
import time

import pytest

from fusewright_harness.case import Case, Options, Team
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Cancelled
from fusewright_harness.turns import Quiet, Turns
from fusewright_harness.verdict import Verdict


def test_many_pairs_share_and_one_is_alone():
    turns, inside, seen, lock = Turns(), set(), [], threading.Lock()

    def pair(name):
        for alone in (False, True) * 5:
            with turns.alone(Deadline(60)) if alone else turns.shared(Deadline(60)):
                with lock:
                    inside.add((name, alone))
                    seen.append(set(inside))
                time.sleep(0.002)
                with lock:
                    inside.remove((name, alone))

    threads = [threading.Thread(target=pair, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(seen) == 40
    assert all(len(together) == 1 for together in seen if any(alone for _, alone in together))
    assert any(len(together) > 1 for together in seen)


def test_whoever_wants_to_be_alone_is_not_kept_waiting_by_newcomers():
    turns, order = Turns(), []
    first = turns.shared()
    first.__enter__()

    def wait(alone):
        with turns.alone(Deadline(60)) if alone else turns.shared(Deadline(60)):
            order.append(alone)

    alone = threading.Thread(target=wait, args=(True,))
    alone.start()
    while not turns._want_alone:
        time.sleep(0.001)
    newcomer = threading.Thread(target=wait, args=(False,))
    newcomer.start()
    time.sleep(0.05)
    assert order == []
    first.__exit__(None, None, None)
    alone.join(10)
    newcomer.join(10)
    assert order == [True, False]


def test_waiting_is_not_the_pairs_own_time():
    turns, deadline = Turns(), Deadline(10)
    busy = turns.alone()
    busy.__enter__()
    threading.Timer(0.3, lambda: busy.__exit__(None, None, None)).start()
    with turns.shared(deadline):
        assert deadline.left_s() > 9.9


def test_a_cancelled_pair_stops_waiting():
    turns, deadline = Turns(), Deadline(10)
    deadline.cancelled.set()
    with turns.alone(), pytest.raises(Cancelled), turns.shared(deadline):
        pass
    with turns.shared(), pytest.raises(Cancelled), turns.alone(deadline):
        pass
    with turns.shared():
        pass


def waits_alone(turns, order):
    thread = threading.Thread(target=lambda: alone_once(turns, order))
    thread.start()
    while not turns.waited_for():
        time.sleep(0.001)
    return thread


def alone_once(turns, order):
    with turns.alone(Deadline(60)):
        order.append("alone")
        time.sleep(0.02)


def test_between_two_steps_a_shared_turn_lets_the_timing_go_first():
    turns, order = Turns(), []
    with turns.shared(Deadline(60)) as turn:
        turn.step()
        alone = waits_alone(turns, order)
        assert order == []
        turn.step()
        order.append("shared")
    alone.join(10)
    assert order == ["alone", "shared"]


@pytest.fixture
def case():
    pair = {"triton": {"code": "", "first_line": 1}}
    team = Team(None, None, None)
    return Case(pair, Options.of({}), team, Verdict({}, {}), lambda *_: None, Deadline(60))


def test_what_keeps_the_host_busy_is_no_part_of_a_turn(case):
    order = []
    with case.turn():
        alone = waits_alone(case.team.turns, order)
        with case.aside(1000):
            alone.join(10)
            order.append("compiled")
        assert not case.team.turns._alone
    assert order == ["alone", "compiled"]
    with case.team.turns.alone():
        pass


@pytest.mark.parametrize(
    ("code", "call_bytes"), [("@triton.autotune(configs)", 1000), ("", 1 << 30)], ids=["tuned", "large"]
)
def test_what_keeps_the_gpu_busy_keeps_its_turn(case, code, call_bytes):
    case.pair["triton"]["code"] = code
    order = []
    with case.turn():
        alone = waits_alone(case.team.turns, order)
        with case.aside(call_bytes):
            alone.join(0.1)
        assert order == []
    alone.join(10)
    assert order == ["alone"]


def test_a_turn_ends_whatever_happened_aside(case):
    with pytest.raises(ValueError, match="compiler"), case.turn(), case.aside(0):
        raise ValueError("the compiler")
    with case.team.turns.alone():
        pass


def test_the_wait_for_a_turn_is_a_phase_of_its_own(case):
    order = []
    with case.turn():
        alone = waits_alone(case.team.turns, order)
        with case.phase("robustness"):
            case.step()
    alone.join(10)
    spent = case.verdict.line()["duration_ms"]
    assert spent["turn"] >= 15
    assert spent["turn"] > spent["robustness"]


def test_who_has_quiet_waits_for_the_noise_and_lets_none_begin():
    quiet, order = Quiet(), []
    started = threading.Event()

    def noisy(name, s):
        with quiet.noise():
            started.set()
            time.sleep(s)
            order.append(name)

    first = threading.Thread(target=noisy, args=("first", 0.05))
    first.start()
    started.wait(10)
    with quiet.held(10) as silent:
        assert silent
        assert order == ["first"]
        second = threading.Thread(target=noisy, args=("second", 0))
        second.start()
        time.sleep(0.05)
        order.append("quiet")
    second.join(10)
    first.join(10)
    assert order == ["first", "quiet", "second"]


def test_quiet_that_cannot_be_had_is_given_up_and_stops_nobody():
    quiet = Quiet()
    with quiet.noise(), quiet.held(0.02) as silent:
        assert not silent
    with quiet.noise(), quiet.noise():
        pass
    with quiet.held(1) as one, quiet.held(0.02) as other:
        assert (one, other) == (True, False)
