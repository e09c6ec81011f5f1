"""What an exception says when it is the sandbox's answer: what the pair's code tried, and what it may do.

The kernel answers with an error number, and what the code makes of it is one of Python's own exceptions. Left as it is
the verdict would hold "Operation not permitted", which tells a person nothing.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass

_PATHS = "a pair reads Python's own folders and writes to its temporary folder (`tempfile`), nothing else"
_CALLS = (
    "a pair has no network, starts no programs but the kernels' compiler, and reaches no process and no setting of "
    "the machine"
)
_ALLOCATION = re.compile(r"can't allocate memory: you tried to allocate (\d+) bytes")
_REFUSED = (errno.EPERM, errno.EACCES)
_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


@dataclass(frozen=True)
class Refusal:
    """An error of the verdict line: its type, a sentence, and its stage where that is not where it happened."""

    kind: str
    message: str
    stage: str | None = None


def refusal(error: BaseException, code: str) -> Refusal | None:
    """What the sandbox refused when the pair's line ``code`` raised ``error``, or None where it did not."""
    at = f" (`{code[:200]}`)" if code else ""
    if isinstance(error, OSError) and error.errno in _REFUSED:
        if error.filename is not None:
            tried = f"the code tried to touch {str(error.filename)[:300]!r}, which is closed to it{at}"
            return Refusal("Contained", f"{tried}: {_PATHS}", "trust")
        return Refusal("Contained", f"the code tried what the sandbox refuses{at}: {_CALLS}", "trust")
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return Refusal(
            "DiskLimit", f"the code wrote more to the disk than a pair may{at}; a pair writes nothing"
        )
    if isinstance(error, BlockingIOError) or "can't start new thread" in str(error):
        return Refusal(
            "ProcessLimit",
            f"the code started more processes or threads than a pair may{at}; a pair needs none",
        )
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return Refusal("MemoryLimit", _memory("more memory", at))
    asked = _ALLOCATION.search(str(error))
    if asked:
        return Refusal("MemoryLimit", _memory(f"{int(asked[1]) / (1 << 30):.1f} GiB of memory", at))
    return None


def _memory(what: str, at: str) -> str:
    return f"the code asked for {what}{at}, which is over what a pair may take here; make the inputs smaller"
