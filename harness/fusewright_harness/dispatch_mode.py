"""What every dispatch mode of the harness has in common."""

from __future__ import annotations

from torch.utils._python_dispatch import TorchDispatchMode


class DispatchMode(TorchDispatchMode):
    """A dispatch mode for which torch does not import its compiler."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Torch would import its compiler to keep it away from here: seconds for nothing.
        return False
