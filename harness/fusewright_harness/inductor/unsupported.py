"""What cannot be written: one error, which names the operator."""

from __future__ import annotations


class Unsupported(Exception):
    """No kernel can be written for the reference.

    ``operator`` is what stands in the way, as PyTorch calls it; ``sentence`` tells a person what is wrong and what to
    do about it; ``line`` is where that is in the pair's file, if it is known.
    """

    def __init__(self, operator: str, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.operator = operator
        self.sentence = sentence
        self.line = line
