"""References that do more than their result asks for, and honest ones that look like them."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from fusewright_harness.call import Arguments
from fusewright_harness.variant_inputs import elsewhere
from fusewright_harness.wasted import wasted_work


def found(function, *inputs):
    arguments = Arguments(inputs, {})
    work = wasted_work(lambda given: given.call(function), arguments, elsewhere(arguments.as_value()))
    return {name for name, value in work.items() if value}


def x():
    return torch.randn(40, 96)


def index():
    return torch.randint(0, 60, (64,))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.sort(-1).values[:, -1],
        lambda x: x.sort(-1, descending=True).values[:, 0],
        lambda x: torch.topk(x, 96).values[:, 0],
        lambda x: x.cumsum(-1)[:, -1],
        lambda x: torch.cummax(x, -1).values[:, -1],
        lambda x: x.cumsum(0)[-1] + x.cumprod(0)[0],
        lambda x: torch.diagonal(x @ x.T),
        lambda x: torch.tanh(x.repeat(8, 1))[:40],
        lambda x: (torch.softmax(x @ x.T * 0.1, -1) @ x)[-1],
        lambda x: torch.baddbmm(x[None], torch.exp(x @ x.T)[None], x[None])[0, 3],
        lambda x: torch.relu(functional.pad(x, (0, 900)))[:, :96],
    ],
)
def test_results_of_which_little_is_read_are_found(function):
    assert "unread" in found(function, x())


def recurrent(x):
    layer = torch.nn.LSTM(96, 20, batch_first=True).requires_grad_(False)
    return layer(x.expand(3, 40, 96).contiguous())[0][:, -1]


def aligned(x):
    letters, lengths = torch.randint(1, 96, (8, 5)), torch.full((8,), 40)
    scores = x[:, None].expand(40, 8, 96).log_softmax(-1)
    return functional.ctc_loss(scores, letters, lengths, torch.full((8,), 5), reduction="none")


@pytest.mark.parametrize(
    "function",
    [
        aligned,
        recurrent,
        lambda x: torch.linalg.det(x[:, :40]),
        lambda x: torch.linalg.svdvals(x),
        lambda x: functional.logsigmoid(x),
        lambda x: functional.max_pool1d(x[None], 3),
    ],
)
def test_what_one_operator_gives_beside_what_is_asked_for_is_not_unread(function):
    assert "unread" not in found(function, x())


@pytest.mark.parametrize(
    ("function", "inputs"),
    [
        (lambda i, t: functional.one_hot(i, t.shape[0]).to(t.dtype) @ t, (index(), torch.randn(60, 40))),
        (lambda i, t: (i[:, None] == torch.arange(60)).float() @ t, (index(), torch.randn(60, 40))),
        (lambda w, x: torch.diag(w) @ x, (torch.randn(40), x())),
        (lambda i, w: w @ functional.one_hot(i, 60).to(w.dtype), (index(), torch.randn(64))),
        (lambda i, x: functional.one_hot(i, 60).float().T @ x, (index(), torch.randn(64, 40))),
        (lambda x: x @ torch.full((96, 96), 1 / 96), (x(),)),
        (lambda x: x @ torch.ones(96, 96).triu(), (x(),)),
        (lambda a: functional.pad(a, (0, 400)) @ torch.randn(496, 40), (x(),)),
    ],
)
def test_products_with_matrices_that_are_none_are_found(function, inputs):
    assert found(function, *inputs) == {"product"}


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.tanh(x.repeat(8, 1, 1)).mean(0),
        lambda x: torch.exp(-x.sum(-1, keepdim=True).expand_as(x).contiguous().square()).amax(-1),
    ],
)
def test_what_is_the_same_along_a_dimension_is_found(function):
    assert found(function, x()) == {"alike", "copies"}


def test_float64_that_nobody_asked_for_is_found():
    assert found(lambda x: torch.softmax(x.double(), -1).float(), x()) == {"wide"}
    assert not found(lambda x: torch.softmax(x.double(), -1), x())
    assert not found(lambda x: torch.softmax(x, -1), x().double())
    assert not found(
        lambda i, j: (i.double() @ j.double()).to(torch.int32), *torch.randint(-9, 9, (2, 40, 40))
    )


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (lambda a, b: (a[:, :, None] * b[None]).sum(1), [(40, 96), (96, 40)]),
        (lambda a, b: (a[:, None, :].expand(-1, 50, -1) * b).mean(-1), [(40, 96), (50, 96)]),
        (lambda a, b: torch.relu((a[:, None] @ b[None, :]).sum(1)), [(400,), (400,)]),
        (lambda a, b: torch.outer(a, b).sum(), [(400,), (300,)]),
    ],
)
def test_outer_products_that_are_only_added_up_are_found(function, shapes):
    assert found(function, *(torch.randn(shape) for shape in shapes)) == {"outer"}


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (lambda a, b: torch.outer(a, b), [(400,), (300,)]),
        (lambda a, b: torch.outer(a, b).relu().sum(1), [(400,), (300,)]),
        (lambda a, b: (a[:, None] - b).square().sum(-1), [(40, 96), (50, 96)]),
        (lambda a, b: (a[:, None] * b[None]).amax(-1), [(40, 96), (50, 96)]),
        (lambda a, b: (a[:, None] * b).sum(-1), [(40, 96), (40, 50, 96)]),
        (lambda a, b: (a[:, :, None] * b[None]).sum(1), [(8, 12), (12, 8)]),
    ],
)
def test_outer_products_that_are_needed_are_left_alone(function, shapes):
    assert not found(function, *(torch.randn(shape) for shape in shapes))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.relu(x) + 1,
        lambda x: torch.softmax(x, -1)[:, 0],
        lambda x: x.sort(-1).values[:, 48],
        lambda x: x.cumsum(-1),
        lambda x: x.sort(-1).values[:, :8],
        lambda x: functional.layer_norm(x, (96,)) @ x.T,
        lambda x: torch.cat([x[:, 48:], -x[:, :48]], -1) * x,
        lambda x: torch.softmax((x @ x.T).tril(), -1) @ x,
        lambda x: x.repeat(8, 1, 1),
        lambda x: x * torch.ones(8, 1, 1) + 1,
        lambda x: x.sum().double().sqrt().float() * x,
        lambda x: torch.relu(x) @ torch.relu(x).T,
        lambda x: functional.glu(x @ x.T.repeat(1, 2)),
        lambda x: (x @ x.T).argmax(-1),
    ],
)
def test_honest_work_is_left_alone(function):
    assert not found(function, x())
