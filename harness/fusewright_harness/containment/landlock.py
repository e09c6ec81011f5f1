"""Landlock: which files a worker may touch, no TCP, no signal to a process outside.

The rules hold for the calling thread, for threads that it starts later and for every process below it, and can
never be lifted. See ``landlock(7)`` and the kernel's ``userspace-api/landlock.rst``. What the running kernel does not
know yet is left out; :func:`version` tells what it knows:

- 1 files · 2 moving files between folders · 3 truncating · 4 TCP · 5 device ioctls · 6 signals

The scope for abstract sockets (6 too) is left open: libcuda needs one.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from fusewright_harness.containment.syscall import prctl, syscall

_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_EXECUTE = 1 << 0
_WRITE_FILE = 1 << 1
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_REFER = 1 << 13
_TRUNCATE = 1 << 14
_IOCTL_DEV = 1 << 15
_ALL_FILES_V1 = (1 << 13) - 1
_MAKE_CHAR = 1 << 6
_MAKE_BLOCK = 1 << 11

_TCP = (1 << 0) | (1 << 1)
_SCOPE_SIGNAL = 1 << 1

_ONLY_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
"""The rights that a rule for something other than a folder may name."""


def version() -> int:
    """The version that the kernel offers, 0 where there is none."""
    try:
        return syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    except OSError:
        return 0


@dataclass
class Access:
    """Paths by what may be done below them. A path that is not there is passed over."""

    read: list[str] = field(default_factory=list)
    run: list[str] = field(default_factory=list)
    """Read, and execute."""
    write: list[str] = field(default_factory=list)
    """Everything but making devices and executing."""
    device: list[str] = field(default_factory=list)
    """Read, write and ``ioctl`` of devices that are there."""

    def and_also(self, read: list[str], write: list[str]) -> Access:
        """These paths and some more."""
        return Access([*self.read, *read], self.run, [*self.write, *write], self.device)


def restrict(access: Access) -> int:
    """Holds this thread, and what it starts, to ``access``. Returns the version in force, 0 where there is none."""
    known = version()
    if known == 0:
        return 0
    files = _ALL_FILES_V1
    if known >= 2:
        files |= _REFER
    if known >= 3:
        files |= _TRUNCATE
    if known >= 5:
        files |= _IOCTL_DEV
    attributes = struct.pack("<QQQ", files, _TCP if known >= 4 else 0, _SCOPE_SIGNAL if known >= 6 else 0)
    size = 8 if known < 4 else 16 if known < 6 else 24
    ruleset = syscall(_CREATE_RULESET, ctypes.create_string_buffer(attributes, len(attributes)), size, 0)
    try:
        _allow(ruleset, access.read, (_READ_FILE | _READ_DIR) & files)
        _allow(ruleset, access.run, (_READ_FILE | _READ_DIR | _EXECUTE) & files)
        _allow(ruleset, access.write, files & ~(_EXECUTE | _MAKE_CHAR | _MAKE_BLOCK | _IOCTL_DEV))
        _allow(ruleset, access.device, (_READ_FILE | _READ_DIR | _WRITE_FILE | _IOCTL_DEV) & files)
        prctl(_PR_SET_NO_NEW_PRIVS, 1)
        syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return known


def _allow(ruleset: int, paths: Iterable[str], rights: int) -> None:
    for path in dict.fromkeys(paths):
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            # A file has fewer rights than a folder, and the kernel refuses a rule with more.
            allowed = rights if os.path.isdir(path) else rights & _ONLY_FILES
            rule = struct.pack("<Qi", allowed, descriptor)
            syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0)
        finally:
            os.close(descriptor)
