"""Where a verdict's time went."""

from __future__ import annotations

import time

import pytest

from fusewright_harness.verdict import Phases


@pytest.fixture
def phases():
    phases = Phases()
    with phases.phase("run"):
        time.sleep(0.03)
    return phases


def test_what_a_phase_was_spent_on_is_taken_out_of_it_and_all_still_adds_up(phases):
    phases.move("run", {"compile": 10.0, "autotune": 5.0})
    spent = phases.as_dict()
    assert (spent["compile"], spent["autotune"]) == (10.0, 5.0)
    assert sum(ms for phase, ms in spent.items() if phase != "total") == pytest.approx(
        spent["total"], abs=0.1
    )


@pytest.mark.parametrize(
    "parts", [None, {"compile": "long"}, {"compile": -1}, {"load": 5.0}, {"compile": 1e9}]
)
def test_a_worker_cannot_make_the_sum_wrong(phases, parts):
    phases.move("run", parts)
    spent = phases.as_dict()
    assert sum(ms for phase, ms in spent.items() if phase != "total") == pytest.approx(
        spent["total"], abs=0.1
    )
    assert min(spent.values()) >= 0


def test_what_a_phase_inside_another_claims_counts_once():
    phases = Phases()
    with phases.phase("robustness"):
        time.sleep(0.02)
        with phases.phase("turn"):
            time.sleep(0.03)
            with phases.phase("compile"):
                time.sleep(0.01)
    spent = phases.as_dict()
    assert spent["turn"] >= 29
    assert spent["compile"] >= 9
    assert sum(ms for phase, ms in spent.items() if phase != "total") == pytest.approx(
        spent["total"], abs=0.1
    )
