"""seccomp: which system calls a worker may make, as a BPF program assembled here for x86-64 and aarch64.

What is refused is what no pair, torch, triton or CUDA needs: looking into other processes, changing the
machine, leaving the sandbox's own groups and namespaces, and every way to speak to another process but
descriptors that it has already. A refused call fails with EPERM; one that is younger than the tables with
ENOSYS, as on an older kernel.

The program holds for all threads of the process and for every process below it. See ``seccomp(2)``.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

from fusewright_harness.containment.syscall import prctl, syscall

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER = 1
_GET_ACTION_AVAIL = 2
_FLAG_TSYNC = 1 << 0
_FLAG_NEW_LISTENER = 1 << 3
_FLAG_TSYNC_ESRCH = 1 << 4

_RET_KILL_PROCESS = 0x80000000
_RET_ERRNO = 0x00050000
_RET_USER_NOTIF = 0x7FC00000
_RET_ALLOW = 0x7FFF0000

# struct seccomp_data: number, architecture, instruction pointer, six arguments of 64 bits, little-endian here.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

_LOAD, _JUMP_EQUAL, _JUMP_GREATER, _JUMP_SET, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06


@dataclass(frozen=True)
class Machine:
    """A processor architecture: its audit number, the number of ``seccomp`` itself, its place in the tables."""

    audit: int
    seccomp: int
    column: int


MACHINES = {"x86_64": Machine(0xC000003E, 317, 0), "aarch64": Machine(0xC00000B7, 277, 1)}

_NEWEST = 462
"""The last number that the tables were drawn up with (mseal); both architectures share those from 424 on."""

REFUSED: dict[str, tuple[int | None, int | None]] = {
    # Other processes' memory, descriptors and behaviour.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "perf_event_open": (298, 241),
    "migrate_pages": (256, 238),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "setpriority": (141, 140),
    # The kernel and the machine.
    "acct": (163, 89),
    "bpf": (321, 280),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "syslog": (103, 116),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "ioperm": (173, None),
    "iopl": (172, None),
    "vhangup": (153, 58),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "seccomp": (317, 277),
    # Keys that outlive the process and are shared by all of a user's.
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # File systems, and ways round a path.
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "execveat": (322, 281),
    # Namespaces, users, and the process group by which the whole tree is ended.
    "unshare": (272, 97),
    "setns": (308, 268),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
    "setgroups": (116, 159),
    "setfsuid": (122, 151),
    "setfsgid": (123, 152),
    "capset": (126, 91),
    # Ways to speak to another process, on this machine or elsewhere. Pairs of sockets and pipes stay.
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
}

_CLONE = (56, 220)
_CLONE3 = (435, 435)
_FORK = (57, None)
_VFORK = (58, None)
_KILL = (62, 129)
_TGKILL = (234, 131)
_RT_TGSIGQUEUEINFO = (297, 240)
_PRCTL = (157, 167)
_PRLIMIT = (302, 261)
_SCHED_SETAFFINITY = (203, 122)

_CLONE_THREAD = 0x00010000
_NEW_NAMESPACES = 0x7E020080
"""CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET: of ``clone``'s flags."""
_REFUSED_PRCTL = (
    1,  # PR_SET_PDEATHSIG: it is what ends the worker with the judge.
    22,  # PR_SET_SECCOMP
    35,  # PR_SET_MM
    36,  # PR_SET_CHILD_SUBREAPER
    0x59616D61,  # PR_SET_PTRACER
)


@dataclass(frozen=True)
class Rules:
    """What differs from worker to worker."""

    processes: bool
    """Whether processes may be started: the compilers of a kernel need it, the interpreter does not."""
    signals: bool
    """Whether signals to other processes are left to Landlock, which tells a worker's own from others'."""


def available() -> bool:
    """Whether this kernel and processor can be told what to refuse."""
    machine = MACHINES.get(platform.machine())
    if machine is None:
        return False
    try:
        action = ctypes.create_string_buffer(struct.pack("<I", _RET_ERRNO), 4)
        syscall(machine.seccomp, _GET_ACTION_AVAIL, 0, action)
    except OSError:
        return False
    return True


def install(rules: Rules, listener: bool = False) -> int | None:
    """Holds all threads of this process, and every process below it, to ``rules``.

    With ``listener`` a refused call waits for the answer of whoever reads the descriptor that is returned
    (``seccomp_unotify(2)``). Returns None otherwise. Raises ``OSError`` where the kernel refuses.
    """
    machine = MACHINES[platform.machine()]
    program = assemble(machine, rules, os.getpid(), _RET_USER_NOTIF if listener else _RET_ERRNO | errno.EPERM)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    buffer = ctypes.create_string_buffer(program, len(program))
    filter_program = struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    flags = _FLAG_TSYNC | (_FLAG_NEW_LISTENER | _FLAG_TSYNC_ESRCH if listener else 0)
    argument = ctypes.create_string_buffer(filter_program, len(filter_program))
    answer = syscall(machine.seccomp, _SET_MODE_FILTER, flags, argument)
    if listener:
        return answer
    if answer != 0:
        raise OSError(errno.EBUSY, "a thread of the process could not be held to the same rules")
    return None


def assemble(machine: Machine, rules: Rules, pid: int, refuse: int) -> bytes:
    """The BPF program: ``refuse`` is its answer to what ``rules`` forbid; ``pid`` the process it is for."""
    code: list[bytes] = []

    def emit(operation: int, value: int, true: int = 0, false: int = 0) -> None:
        code.append(struct.pack("<HBBI", operation, true, false, value & 0xFFFFFFFF))

    def number_of(call: tuple[int | None, int | None]) -> int | None:
        return call[machine.column]

    def when(call: tuple[int | None, int | None], body: list[tuple[int, int, int, int]]) -> None:
        """Adds ``body`` for one call; it must end in a return on every way."""
        number = number_of(call)
        if number is None:
            return
        emit(_JUMP_EQUAL, number, 0, len(body))
        for operation, value, true, false in body:
            emit(operation, value, true, false)

    def argument(index: int) -> tuple[int, int, int, int]:
        return (_LOAD, _ARGUMENTS + 8 * index, 0, 0)

    refused = (_RETURN, refuse, 0, 0)
    allowed = (_RETURN, _RET_ALLOW, 0, 0)
    unknown = (_RETURN, _RET_ERRNO | errno.ENOSYS, 0, 0)

    emit(_LOAD, _ARCHITECTURE)
    emit(_JUMP_EQUAL, machine.audit, 1, 0)
    emit(_RETURN, _RET_KILL_PROCESS)
    emit(_LOAD, _NUMBER)
    emit(_JUMP_GREATER, _NEWEST, 0, 1)
    emit(*unknown[:2])
    for call in REFUSED.values():
        when(call, [refused])
    # clone3 hides its flags from a filter; told that it is unknown, the C library uses clone.
    when(_CLONE3, [unknown])
    if rules.processes:
        when(_CLONE, [argument(0), (_JUMP_SET, _NEW_NAMESPACES, 0, 1), refused, allowed])
    else:
        when(_FORK, [refused])
        when(_VFORK, [refused])
        when(_CLONE, [argument(0), (_JUMP_SET, _CLONE_THREAD, 1, 0), refused, allowed])
    if rules.signals:
        # All processes, or another group, are never meant.
        when(_KILL, [argument(0), (_JUMP_SET, 0x80000000, 0, 1), refused, allowed])
    else:
        for call in (_KILL, _TGKILL, _RT_TGSIGQUEUEINFO):
            # 0 is the worker's own process group, which holds what it started and nothing else.
            body = [argument(0), (_JUMP_EQUAL, pid, 2, 0), (_JUMP_EQUAL, 0, 1, 0), refused, allowed]
            when(call, body)
    body = [argument(0)]
    for left, option in zip(range(len(_REFUSED_PRCTL), 0, -1), _REFUSED_PRCTL, strict=True):
        body.append((_JUMP_EQUAL, option, left, 0))
    when(_PRCTL, [*body, allowed, refused])
    for call in (_PRLIMIT, _SCHED_SETAFFINITY):
        body = [argument(0), (_JUMP_EQUAL, 0, 2, 0), (_JUMP_EQUAL, pid, 1, 0), refused, allowed]
        when(call, body)
    emit(*allowed[:2])
    return b"".join(code)
