"""``python -m fusewright_harness serve`` judges pairs; ``zygote`` and ``sandbox`` are started by it alone."""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> int:
    """Starts the process that ``arguments`` name; returns its exit status."""
    if arguments[:1] == ["serve"] and len(arguments) == 1:
        from fusewright_harness.serve import serve

        return serve()
    if arguments[:1] == ["zygote"] and len(arguments) == 3:
        from fusewright_harness.zygote import run_zygote

        return run_zygote(mode=arguments[1], control_fd=int(arguments[2]))
    if arguments[:1] == ["sandbox"] and len(arguments) == 2:
        from fusewright_harness.containment.layers import put_up

        return put_up(mode=arguments[1])
    print("usage: python -m fusewright_harness serve", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
