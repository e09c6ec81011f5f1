"""What this interpreter can be trusted with, as JSON: ``python -m fusewright_harness.interpreter.coverage``."""

from __future__ import annotations

import json
import sys

from fusewright_harness.interpreter import mend


def main() -> None:
    """Prints one object: ``problem``, a sentence or null, and ``gaps``, the operations that cannot be vouched for."""
    mend.apply()
    sys.stdout.write(json.dumps({"problem": mend.coverage(), "gaps": mend.gaps()}) + "\n")


if __name__ == "__main__":
    main()
