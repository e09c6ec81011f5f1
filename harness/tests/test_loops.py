"""Loops of a reference over slices of a tensor."""

from __future__ import annotations

import torch

from fusewright_harness.call import Arguments
from fusewright_harness.operators import OperatorWatch
from fusewright_harness.trace_facts import trace_facts


def loop_of(function, *inputs):
    watch = OperatorWatch("pair.py")
    with watch:
        function(*inputs)
    return trace_facts(watch.trace, Arguments(inputs, {}))["loop"]


def by_parts(x):
    return torch.cat([torch.tanh(part * 0.5) for part in x.chunk(24)])


def scan(x, y):
    state, states = torch.zeros_like(x[0]), []
    for step in range(24):
        state = state * 0.9 + y[step] * x[step]
        states.append(state)
    return torch.stack(states)


def test_the_same_on_each_slice_is_a_loop():
    loop = loop_of(by_parts, torch.randn(240, 30))
    assert (loop["count"], loop["chained"], loop["products"]) == (24, False, False)


def test_a_recurrence_is_chained_also_where_it_prepares_its_steps():
    loop = loop_of(scan, torch.randn(24, 5, 6), torch.randn(24, 5, 6))
    assert (loop["count"], loop["chained"]) == (24, True)


def test_products_are_told_apart():
    loop = loop_of(lambda x, w: [part @ w for part in x.unbind()], torch.randn(16, 8, 8), torch.randn(8, 8))
    assert (loop["count"], loop["products"]) == (16, True)


def repeated_in(function, *inputs):
    watch = OperatorWatch("pair.py")
    with watch:
        function(*inputs)
    return trace_facts(watch.trace, Arguments(inputs, {}))["repeated"]


def moving_average(x, alpha):
    state, states = torch.zeros_like(x[:, 0]), []
    for step in range(x.shape[1]):
        state = (1 - alpha) * state + alpha * x[:, step]
        states.append(state)
    return torch.stack(states, 1)


def average_with_much_else(x, alpha):
    state, states = torch.zeros_like(x[:, 0]), []
    for step in range(x.shape[1]):
        state = state * 0.9 + torch.exp(x).sum() * alpha + x[:, step]
        states.append(state)
    return torch.stack(states, 1)


def test_a_little_done_again_in_each_step_of_a_recurrence_is_told_from_much():
    x, alpha = torch.randn(4, 24, 6), torch.rand(6)
    little, much = repeated_in(moving_average, x, alpha), repeated_in(average_with_much_else, x, alpha)
    assert (little["name"], little["count"], little["beside"]) == ("rsub", 24, True)
    assert (much["count"], much["beside"]) == (24, False)


def test_what_is_done_again_outside_of_a_recurrence_is_not_beside_one():
    found = repeated_in(lambda x: torch.stack([(1 - x[0]) * row for row in x]), torch.randn(24, 40))
    assert (found["count"], found["beside"]) == (24, False)
