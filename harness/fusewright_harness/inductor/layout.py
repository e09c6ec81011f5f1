"""Lines of a block, broken where they would be too long."""

from __future__ import annotations

_WIDTH = 96


def call_lines(head: str, parts: list[str], tail: str) -> list[str]:
    """``head``, the parts with commas between them and ``tail``: on one line, on three, or with a line for each."""
    joined = ", ".join(parts)
    if len(head) + len(joined) + len(tail) <= _WIDTH or not parts:
        return [head + joined + tail]
    if len(joined) + 4 <= _WIDTH:
        return [head, "    " + joined, tail]
    return [head, *(f"    {part}," for part in parts), tail]
