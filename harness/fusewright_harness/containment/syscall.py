"""System calls that Python does not offer, by number, through the C library."""

from __future__ import annotations

import ctypes
import os
from typing import Any

_libc: Any = None


def _library() -> Any:
    global _libc
    if _libc is None:
        _libc = ctypes.CDLL(None, use_errno=True)
        _libc.syscall.restype = ctypes.c_long
    return _libc


def syscall(number: int, *arguments: Any) -> int:
    """What the kernel answers; raises ``OSError`` where it refuses. Integers are passed as ``long``."""
    passed = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = _library().syscall(ctypes.c_long(number), *passed)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(result)


def prctl(option: int, *arguments: int) -> int:
    """``prctl(2)``; raises ``OSError`` where the kernel refuses."""
    padded = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4]]
    result = _library().prctl(ctypes.c_int(option), *padded)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(result)
