"""Triangular matrices among inputs."""

from __future__ import annotations

import torch

from fusewright_harness.triangles import kept_triangles, mirrored, triangles_of

SQUARE = torch.randn(3, 20, 20)
SAYS = "return torch.linalg.solve_triangular(b, a, upper=False)  # a is symmetric"


def test_what_is_zero_on_one_side_alone_is_one():
    value = (SQUARE, SQUARE.triu(), {"lower": SQUARE[0].tril()}, torch.randn(20))
    assert triangles_of(value, SAYS) == {1: torch.triu, 2: torch.tril}


def test_where_the_reference_says_nothing_of_them_there_are_none():
    for code in ("return adjacency @ x", "return x @ w  # an asymmetric product"):
        assert triangles_of((SQUARE.triu(), SQUARE + SQUARE.transpose(-1, -2)), code) == {}
    for code in ("torch.triu(a @ b)", "L = torch.linalg.cholesky(k)", "def f(adj, x):  # adj is symmetric"):
        assert len(triangles_of((SQUARE.triu(), SQUARE + SQUARE.transpose(-1, -2)), code)) == 2


def test_other_zeros_make_none():
    few = SQUARE.triu() * (torch.rand(3, 20, 20) < 0.5)
    half = SQUARE.clone()
    half[..., 10:] = 0
    assert (
        triangles_of(
            (
                few,
                half,
                torch.diag(torch.randn(20)),
                torch.zeros(20, 20),
                torch.ones(20, 20),
                SQUARE[..., :7],
            ),
            SAYS,
        )
        == {}
    )


def test_other_contents_are_zero_there_too():
    found = triangles_of((SQUARE, SQUARE.tril()), SAYS)
    shifted = SQUARE + 100
    as_it_was, kept = kept_triangles((shifted, shifted), found)
    assert torch.equal(as_it_was, shifted)
    assert torch.equal(kept, shifted.tril())


def test_symmetric_matrices_stay_symmetric():
    gram = SQUARE @ SQUARE.transpose(-1, -2)
    weight = torch.rand(20)
    gram = weight[:, None] * (gram + gram.transpose(-1, -2)) * weight
    found = triangles_of((gram, SQUARE), SAYS)
    assert found == {0: mirrored}
    kept, _as_it_was = kept_triangles((SQUARE, SQUARE), found)
    assert torch.equal(kept, kept.transpose(-1, -2))
    assert torch.equal(kept.triu(), SQUARE.triu())
    other_shape = torch.randn(20, 23)
    assert torch.equal(kept_triangles((other_shape, SQUARE), found)[0], other_shape)
