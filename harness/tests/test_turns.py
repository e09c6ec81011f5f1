"""Turns on a device."""

from __future__ import annotations

import threading
import time

import pytest

from fusewright_harness.faults import Cancelled
from fusewright_harness.turns import Turns
from fusewright_harness.workers import Deadline


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
