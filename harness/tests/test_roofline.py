"""What a reference needs, what a card can do, and what neither allows."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from fusewright_harness.card import card_of
from fusewright_harness.census import count
from fusewright_harness.faults import Fault
from fusewright_harness.roofline import (
    Work,
    refuse_impossible_speed,
    refuse_slowed_reference,
    refuse_wasteful_reference,
    roofline,
)

H200 = card_of((9, 0), 132, 1_980_000, 3_201_000, 6016, 60 << 20)


def work(function, *inputs, parameters=()):
    return Work.of(count(function, inputs, {}, list(parameters)))


def test_a_card_is_known_by_its_clocks():
    assert H200.bytes_per_s == pytest.approx(4.8e12, rel=0.01)
    assert H200.operations_per_s["float16"] == pytest.approx(989e12, rel=0.1)
    assert card_of((9, 0), 132, 1_980_000, 0, 0, 0) is None


def test_bytes_are_those_of_inputs_and_outputs():
    x, bias = torch.randn(256, 64), torch.randn(64)
    known = work(lambda x, bias: F.gelu(x + bias) * 2, x, bias)
    assert known.input_bytes == known.needed_bytes == 4 * (256 * 64 + 64)
    assert known.output_bytes == 4 * 256 * 64


def test_operations_of_products_are_counted_as_torch_counts_them():
    known = work(lambda a, b: a @ b, torch.randn(32, 64).half(), torch.randn(64, 16).half())
    assert known.flops == {"float16": 2 * 32 * 64 * 16}


def test_of_a_table_only_what_is_looked_up_counts():
    known = work(lambda t, i: F.embedding(i, t), torch.randn(10_000, 16), torch.arange(4))
    assert known.input_bytes < 1000
    assert known.needed_bytes == 0


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x[:8].exp(),
        lambda x: x.exp()[:8],
        lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
        lambda x: x.exp().tril(),
        lambda x: F.max_pool2d(x.exp().view(1, 1, 64, 64), 2),
    ],
)
def test_an_input_of_which_a_part_may_do_is_not_needed_whole(function):
    assert work(function, torch.randn(64, 64)).needed_bytes == 0


def test_parameters_are_inputs():
    layer = torch.nn.Linear(64, 32)
    known = Work.of(count(layer, (torch.randn(8, 64),), {}, list(layer.parameters())))
    assert known.needed_bytes == 4 * (8 * 64 + 64 * 32 + 32)


def test_the_fraction_is_of_what_bounds_first():
    x = torch.empty(4096, 4096, device="meta")
    line = roofline(work(torch.exp, x), H200, 0.05)
    assert line["limit"] == "bandwidth"
    assert line["fraction"] == pytest.approx(2 * 4 * 4096**2 / 4.814e12 / 0.05e-3, rel=0.01)
    a = torch.empty(2048, 2048, device="meta", dtype=torch.float16)
    assert roofline(work(lambda a: a @ a, a), H200, 0.05)["limit"] == "compute"
    assert roofline(work(torch.exp, x), None, 0.05)["fraction"] is None


def test_nothing_is_faster_than_its_bytes():
    known = work(lambda x: x * 2, torch.empty(1 << 24, device="meta"))
    refuse_impossible_speed(known, H200, 0.02, 1 << 26)
    with pytest.raises(Fault, match="cannot have read them") as caught:
        refuse_impossible_speed(known, H200, 0.010, 1 << 26)
    assert (caught.value.kind, caught.value.verdict) == ("FasterThanMemory", "rejected")


def rows(x):
    return torch.stack([torch.softmax(x[row], -1) for row in range(len(x))])


def rows_into(x):
    out = torch.empty_like(x)
    for row in range(len(x)):
        out[row] = torch.softmax(x[row], -1)
    return out


def copies(x):
    for _ in range(10):
        x = x.clone()
    return x * 2


def again(x):
    for _ in range(8):
        y = x.exp().sum(-1)
    return y


def dead(x):
    x.t() @ x
    return x * 2


def wide(x):
    y = x.double()
    return (torch.exp(y) * torch.sigmoid(y) + 1).float()


@pytest.mark.parametrize("function", [rows, rows_into, copies, again, dead])
def test_a_reference_that_wastes_is_refused_whatever_it_takes(function):
    with pytest.raises(Fault) as caught:
        refuse_wasteful_reference(work(function, torch.randn(128, 64)))
    assert (caught.value.kind, caught.value.implementation) == ("SlowReference", "pytorch")


def scan(a, b):
    state, out = torch.zeros_like(a[:, 0]), torch.empty_like(a)
    for step in range(a.shape[1]):
        state = a[:, step] * state + b[:, step]
        out[:, step] = state
    return out


def long_steps(a, b):
    """RWKV's averages: of a step's twenty operators two depend on the step before, one after the other."""
    top, mass = torch.full_like(a[:, 0], -30), torch.zeros_like(a[:, 0])
    weight, out = mass, []
    for step in range(a.shape[1]):
        key, value = a[:, step], b[:, step]
        best = torch.maximum(top, key + 1)
        old, new = torch.exp(top - best), torch.exp(key + 1 - best)
        out.append((old * mass + new * value) / (old * weight + new))
        best = torch.maximum(top - 1, key)
        old, new = torch.exp(top - 1 - best), torch.exp(key - best)
        mass, weight, top = old * mass + new * value, old * weight + new, best
    return torch.stack(out, 1)


def chain(x, y):
    return (F.gelu(x) + F.gelu(y)) * torch.sigmoid(x) - x.mean(-1, keepdim=True)


def buffered(x):
    out = torch.zeros_like(x)
    out[:, 1:] = x[:, :-1].exp()
    out += x
    return out


def scalar_guided(x):
    return x * 2 if x.abs().sum().item() > 1 else x + 1


def in_place(x):
    x.mul_(2).add_(1)


@pytest.mark.parametrize("function", [scan, chain, buffered, scalar_guided, in_place])
def test_what_comes_out_by_any_way_is_not_dead(function):
    inputs = [torch.randn(16, 64, 8) for _ in range(2 if function in (scan, chain) else 1)]
    known = work(function, *inputs)
    assert (known.dead_bytes, known.dead_flops) == (0, 0)
    refuse_wasteful_reference(known)


def test_a_reference_in_float64_may_be_meant_and_is_left_to_the_clock():
    known = work(wide, torch.randn(512, 512))
    refuse_wasteful_reference(known)
    with pytest.raises(Fault):
        refuse_slowed_reference(known, H200, 2.0)


def test_a_reference_whose_steps_need_one_another_is_not_refused():
    a = torch.randn(8, 200, 16)
    refuse_wasteful_reference(work(scan, a, torch.randn(8, 200, 16)))
    refuse_wasteful_reference(work(long_steps, a, torch.randn(8, 200, 16)))
    refuse_slowed_reference(work(scan, a, torch.randn(8, 200, 16)), H200, 600 * 0.005)
    steps = work(long_steps, a, torch.randn(8, 200, 16))
    refuse_slowed_reference(steps, H200, steps.operators * 0.008)
    with pytest.raises(Fault, match="waits, loops or computes elsewhere"):
        refuse_slowed_reference(steps, H200, steps.operators * 0.02)


def test_an_ordinary_reference_is_not_refused_and_one_that_waits_is():
    known = work(chain, torch.randn(512, 512), torch.randn(512, 512))
    refuse_slowed_reference(known, H200, 0.06)
    with pytest.raises(Fault, match="waits, loops or computes elsewhere"):
        refuse_slowed_reference(known, H200, 2.0)


def test_an_exact_product_of_float32_may_take_its_time():
    a = torch.empty(2048, 2048, device="meta")
    refuse_slowed_reference(work(lambda a: a @ a, a), H200, 2 * 2048**3 / 40e12 * 1e3)


@pytest.mark.parametrize(
    "damage", [{"bytes": -1}, {"bytes": "many"}, {"flops": None}, {"flops": {"float32": 1.5}}]
)
def test_a_census_that_is_none_is_none(damage):
    fields = count(torch.exp, (torch.randn(4),), {}, [])
    assert Work.of(fields) is not None
    assert Work.of({**fields, **damage}) is None
