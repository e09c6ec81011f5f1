"""Identifiers that are not taken yet."""

from __future__ import annotations

import builtins
import keyword

_RESERVED = {*keyword.kwlist, *dir(builtins), "torch", "triton", "tl", "libdevice"}


class Names:
    """The identifiers of one scope."""

    def __init__(self, taken: set[str] | None = None) -> None:
        self._taken = set(taken or ()) | _RESERVED

    def take(self, name: str) -> None:
        """Marks ``name`` as taken."""
        self._taken.add(name)

    def fresh(self, *candidates: str) -> str:
        """The first of ``candidates`` that is free, or else the last one with a number."""
        for name in candidates:
            if name not in self._taken:
                self._taken.add(name)
                return name
        number = 2
        while f"{candidates[-1]}_{number}" in self._taken:
            number += 1
        name = f"{candidates[-1]}_{number}"
        self._taken.add(name)
        return name
