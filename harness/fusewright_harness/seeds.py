"""The judge's secret seeds in place of the pair's own.

A candidate that knows how the inputs were drawn could draw them again, so whatever a TEST block seeds (torch,
random, numpy, a generator of its own) gets the judge's seed, mixed with the number that the block asked for:
two generators that were seeded differently stay different, and the same.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import torch

_MASK = (1 << 63) - 1


class SecretSeeds:
    """Replaces every seeding call of this process; :meth:`draw` begins a new secret seed."""

    def __init__(self) -> None:
        self._seed = 0
        self._generator = torch.default_generator
        self._cuda_seed = torch.cuda.manual_seed_all
        self._on_cuda = torch.cuda.is_initialized()
        self._random_seed = random.seed
        self._numpy_seed: Callable[[int], None] | None = None

    def install(self) -> None:
        """Puts the replacements in place, before any code of the pair is loaded."""

        def manual_seed(seed: int = 0) -> torch.Generator:
            return self._torch_seed(self._mixed(seed))

        def random_seed(a: Any = None, version: int = 2) -> None:
            self._random_seed(self._mixed(a))

        torch.manual_seed = torch.random.manual_seed = manual_seed
        torch.seed = torch.random.seed = lambda: self._torch_seed(self._mixed(None)).initial_seed()
        random.seed = random_seed
        mixed = self._mixed
        plain = torch.Generator

        class Generator(plain):  # type: ignore[valid-type, misc]
            def __new__(cls, device: Any = "cpu") -> Any:
                generator = super().__new__(cls, device)
                plain.manual_seed(generator, mixed(None))
                return generator

            def manual_seed(self, seed: int) -> Any:
                return super().manual_seed(mixed(seed))

            def seed(self) -> int:
                return super().manual_seed(mixed(None)).initial_seed()

        Generator.__name__ = Generator.__qualname__ = "Generator"
        torch.Generator = Generator

    def install_for_cuda(self) -> None:
        """The same for ``torch.cuda``, once what stands in for it on a CPU is in place."""

        def cuda_seed(seed: int = 0) -> None:
            self._torch_seed(self._mixed(seed))

        torch.cuda.manual_seed = torch.cuda.manual_seed_all = cuda_seed
        torch.cuda.random.manual_seed = torch.cuda.random.manual_seed_all = cuda_seed

    def draw(self, seed: int) -> None:
        """Makes ``seed`` the secret one and seeds every generator with it."""
        self._seed = seed
        self._torch_seed(self._mixed(None))
        self._random_seed(self._mixed(None))
        self._seed_numpy()

    def stir(self, salt: int) -> None:
        """Seeds torch's global generator differently, to see whether a result depends on it."""
        self._torch_seed(self._mixed(salt))

    def _torch_seed(self, seed: int) -> torch.Generator:
        # Not `torch.manual_seed`, which calls the seeding functions that were replaced.
        if self._on_cuda:
            self._cuda_seed(seed)
        return self._generator.manual_seed(seed)

    def _mixed(self, asked: Any) -> int:
        try:
            number = 0 if asked is None else int(asked)
        except (TypeError, ValueError):
            number = hash(asked)
        return (self._seed * 0x9E3779B97F4A7C15 + number) & _MASK

    def _seed_numpy(self) -> None:
        # NumPy is no dependency: it is seeded where the pair itself imported it.
        numpy = sys.modules.get("numpy")
        if numpy is None:
            return
        if self._numpy_seed is None:
            seed, default_rng = numpy.random.seed, numpy.random.default_rng
            numpy.random.seed = lambda a=None: seed(self._mixed(a) & 0xFFFFFFFF)
            numpy.random.default_rng = lambda a=None: default_rng(self._mixed(a))
            self._numpy_seed = seed
        self._numpy_seed(self._mixed(None) & 0xFFFFFFFF)
