"""What is found of a reference's work, in its own process."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.flop_counter import flop_registry

from fusewright_harness import examination
from fusewright_harness.call import Arguments
from fusewright_harness.call_trace import Trace
from fusewright_harness.examination import unused_inputs, work_facts


@pytest.mark.parametrize("causal", [True, False])
def test_attention_that_gives_more_than_its_result_is_no_idle_work(causal):
    given = Arguments(tuple(torch.randn(1, 2, 64, 32) for _ in range(3)), {})
    facts = work_facts(
        lambda a: scaled_dot_product_attention(*a.positional, is_causal=causal), given, __file__
    )
    assert facts["idle"] is None


@pytest.mark.skipif(
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu not in flop_registry,
    reason="this torch does not count what attention on the CPU takes",
)
def test_attention_whose_result_is_dropped_is_idle_work():
    given = Arguments(tuple(torch.randn(1, 2, 64, 32) for _ in range(3)), {})

    def reference(arguments):
        ignored = scaled_dot_product_attention(*arguments.positional)
        return arguments.positional[0] + 0 * ignored.sum().clamp(0, 0)

    assert "attention" in work_facts(reference, given, __file__)["idle"]["name"]


def idle(reference):
    x = torch.randn(40, 96)
    return work_facts(lambda a: a.call(reference), Arguments((x,), {}), __file__)["idle"]


@pytest.mark.parametrize(
    "reference",
    [
        lambda x: torch.relu(x) + 0 * torch.cdist(x, x).sum(),
        lambda x: torch.relu(x) + 1e-30 * torch.tanh(x.sort(-1).values.cumsum(-1)),
        lambda x: torch.where(torch.ones_like(x, dtype=torch.bool), x, x.sort(-1).values.cumsum(-1)),
        lambda x: torch.relu(x) + 1e-30 * x.sort(-1).values,
        lambda x: (x * x).sort(-1).values.sum(-1),
        lambda x: x.sort(-1, descending=True).values.exp().sum(-1).log(),
    ],
)
def test_operators_that_change_nothing_are_idle(reference):
    assert idle(reference)


@pytest.mark.parametrize(
    "reference",
    [
        lambda x: (x @ x.T).argmax(-1),
        lambda x: x.sort(-1).values.cumsum(-1),
        lambda x: x.sort(-1).values.diff(dim=-1).abs().sum(-1),
        lambda x: x.gather(-1, x.sort(-1).indices[:, :48]).sum(-1),
        lambda x: x.sort(-1).values[:, 24:72].mean(-1),
        lambda x: torch.softmax(x - x.amax(-1, keepdim=True), -1),
        lambda x: torch.softmax(torch.relu(x) @ x.T, -1).topk(3, -1),
        lambda x: (x * 3).round().clamp(-8, 7).to(torch.int8),
        lambda x: torch.relu(x.exp() - 1).sign(),
        lambda x: x.argsort(-1),
        lambda x: torch.where(x < 1e30, x.sin(), torch.zeros_like(x)),
        lambda x: x.new_empty(40, 192).copy_(torch.cat((x.sin(), x.cos()), -1)),
        lambda x: torch.nn.functional.pad(x[None], (3, 3), mode="circular"),
    ],
)
def test_operators_on_which_the_result_depends_are_not_idle(reference):
    assert idle(reference) is None


def test_a_host_that_is_slow_for_a_while_is_not_blamed_on_python(monkeypatch):
    took, pauses = [0.009, 0.008, 0.007, 0.0004, 0.009], []
    monkeypatch.setattr(examination, "_watched", lambda *_: Trace(calls=2, outside_s=took.pop(0)))
    monkeypatch.setattr(examination, "_sleep", pauses.append)
    facts = work_facts(lambda a: a.call(torch.relu), Arguments((torch.randn(8),), {}), __file__)
    assert facts["outside_s"] == 0.0004
    assert pauses == sorted(pauses)
    assert took == [0.009]


def test_python_that_always_takes_long_is_told(monkeypatch):
    calls = []
    monkeypatch.setattr(examination, "_watched", lambda *_: calls.append(1) or Trace(outside_s=0.009))
    monkeypatch.setattr(examination, "_sleep", lambda _seconds: None)
    facts = work_facts(lambda a: a.call(torch.relu), Arguments((torch.randn(8),), {}), __file__)
    assert facts["outside_s"] == 0.009
    assert len(calls) == 1 + len(examination._PAUSES_S)


def test_what_another_draw_asks_for_is_no_idle_work():
    def reference(x, index):
        return torch.where((index >= 0)[:, None], torch.relu(x), torch.tanh(x).cumsum(-1))

    def given(padded):
        index = torch.arange(40)
        index[3] = -1 if padded else 3
        return Arguments((torch.randn(40, 96), index), {})

    def idle_beside(*drawn):
        return work_facts(lambda a: a.call(reference), given(False), __file__, drawn)["idle"]

    assert idle_beside(given(False))
    assert idle_beside(given(False), given(True)) is None


def unused(reference, inputs, others=None):
    return unused_inputs(lambda a: a.call(reference), Arguments(inputs, {}), others and Arguments(others, {}))


def picked(x, places):
    return x.gather(-1, places[:, None])


def test_an_index_that_is_the_same_in_every_draw_is_moved_before_it_is_called_unused():
    x, places = torch.randn(40, 64), torch.full((40,), 9)
    assert unused(picked, (x, places), (torch.randn(40, 64), places.clone())) == []
    assert unused(lambda x, _places: x.sin(), (x, places), (x + 1, places.clone())) == [1]


def test_of_an_index_of_zeros_nothing_is_said():
    x, zeros = torch.randn(40, 64), torch.zeros(40, dtype=torch.int64)
    assert unused(picked, (x, zeros), (torch.randn(40, 64), zeros.clone())) == []
