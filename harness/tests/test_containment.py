"""The sandbox's parts: what they build, and what holds in a process that they were put around."""

from __future__ import annotations

import errno
import json
import os
import resource
import struct
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hostile import REFUSED

from fusewright_harness.channel import Channel, ChannelForged
from fusewright_harness.containment import landlock, layers, sandbox, seccomp
from fusewright_harness.containment.refusal import refusal
from fusewright_harness.containment.watch import MAX_PROCESSES, Watch
from fusewright_harness.process_tree import kill_group

HARNESS = Path(__file__).resolve().parents[1]

needs_landlock = pytest.mark.skipif(landlock.version() == 0, reason="this kernel has no Landlock")
needs_seccomp = pytest.mark.skipif(not seccomp.available(), reason="this kernel has no seccomp filters")


def run_program(program: bytes, machine: seccomp.Machine, number: int, *arguments: int) -> int:
    """Interprets the few BPF instructions that the assembler uses."""
    data = struct.pack("<iIQ6Q", number, machine.audit, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    at, register = 0, 0
    while True:
        code, true, false, value = struct.unpack_from("<HBBI", program, at * 8)
        at += 1
        if code == 0x20:
            (register,) = struct.unpack_from("<I", data, value)
        elif code == 0x06:
            return value
        else:
            holds = {0x15: register == value, 0x25: register > value, 0x45: bool(register & value)}[code]
            at += true if holds else false


@pytest.mark.parametrize("name", seccomp.MACHINES)
@pytest.mark.parametrize("processes", [True, False])
@pytest.mark.parametrize("signals", [True, False])
def test_the_program_refuses_what_it_names_on_both_processors(name, processes, signals):
    machine = seccomp.MACHINES[name]
    refuse, allow, unknown = 0x50001, 0x7FFF0000, 0x50000 | errno.ENOSYS
    program = seccomp.assemble(machine, seccomp.Rules(processes, signals), 1234, refuse)
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096, "the kernel takes no longer one"

    def answer(call, *arguments):
        return run_program(program, machine, call[machine.column], *arguments)

    for call, numbers in seccomp.REFUSED.items():
        if numbers[machine.column] is not None:
            assert answer(numbers) == refuse, call
    read, write, openat, futex = {"x86_64": (0, 1, 257, 202), "aarch64": (63, 64, 56, 98)}[name]
    for number in (read, write, openat, futex):
        assert run_program(program, machine, number, 1, 2, 3) == allow
    assert run_program(program, machine, 463) == unknown
    assert run_program(program, machine, 0x40000000 + read) == unknown
    assert answer(seccomp._CLONE3) == unknown
    thread, fork, new_user = 0x3D0F00, 0x1200011, 0x10000000
    assert answer(seccomp._CLONE, thread) == allow
    assert answer(seccomp._CLONE, fork) == (allow if processes else refuse)
    assert answer(seccomp._CLONE, new_user | fork) == refuse
    assert answer(seccomp._KILL, 0) == answer(seccomp._KILL, 1234) == allow
    assert answer(seccomp._KILL, 0xFFFFFFFF) == refuse
    assert answer(seccomp._KILL, 99) == (allow if signals else refuse)
    assert answer(seccomp._PRCTL, 1, 0) == answer(seccomp._PRCTL, 22, 2) == refuse
    assert answer(seccomp._PRCTL, 15, 0) == allow
    assert answer(seccomp._PRLIMIT, 0) == allow
    assert answer(seccomp._PRLIMIT, 99) == refuse
    foreign = seccomp.Machine(0x40000003, 0, 0)
    assert run_program(program, foreign, 1) == 0x80000000


def contained(body: str, mode: str = "interpreter", scratch: Path | None = None) -> str:
    """What ``body`` prints in a process with the whole sandbox around it."""
    program = (
        textwrap.dedent(
            """
            import os, sys
            from fusewright_harness.containment.sandbox import Plan, Sandbox
            box = Sandbox(Plan.of(sys.argv[1]), sys.argv[2])
            box.before_cuda()
            box.after_cuda(1 << 30)
            os.chdir(sys.argv[2])
            """
        )
        + body
    )
    scratch_path = scratch or Path("/nonexistent")
    child = subprocess.run(
        [sys.executable, "-c", program, mode, str(scratch_path)],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": str(HARNESS)},
    )
    assert child.returncode == 0, child.stderr
    return child.stdout


@pytest.fixture
def scratch():
    # Below /tmp, where another user may enter.
    import tempfile

    with tempfile.TemporaryDirectory(prefix="fusewright-test-") as folder:
        yield Path(folder)


@needs_landlock
def test_a_contained_process_writes_to_its_scratch_folder_and_nowhere_else(scratch, tmp_path):
    outside = tmp_path / "file"
    outside.write_text("secret")
    body = f"""
open("inside", "w").write("x")
os.rename("inside", "moved")
for path, mode in (({str(outside)!r}, "r"), ({str(outside)!r}, "w"), (os.__file__, "a"), ("/etc/shadow", "r")):
    try:
        open(path, mode)
        print("opened", path, mode)
    except PermissionError:
        pass
import fusewright_harness.verdict
print(open("moved").read())
"""
    assert contained(body, scratch=scratch) == "x\n"
    assert outside.read_text() == "secret"


@needs_seccomp
@pytest.mark.parametrize("mode", ["interpreter", "compile", "cuda"])
def test_only_who_compiles_starts_programs(scratch, mode):
    body = """
import subprocess
try:
    print(subprocess.run(["/bin/echo", "started"], capture_output=True, text=True).stdout.strip())
except PermissionError:
    print("refused")
"""
    assert contained(body, mode, scratch) == ("refused\n" if mode == "interpreter" else "started\n")


@needs_landlock
@needs_seccomp
def test_what_it_starts_is_held_to_the_same(scratch):
    body = """
import subprocess
script = "cat /etc/shadow; cat /proc/1/environ; kill -0 $PPID; setsid true; kill -0 1; echo x > /dev/shm/x; echo done"
print(subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True).stdout)
"""
    assert contained(body, "compile", scratch).strip() == "done"


@needs_landlock
@needs_seccomp
def test_every_boundary_is_held_by_the_kernel(scratch):
    """Past every wrapper and witness of Python's own."""
    missing = set(sandbox.LAYERS) - set(layers.probe("interpreter"))
    if missing:
        pytest.skip(f"this machine can't contain: {sorted(missing)} missing")
    body = f"""
import importlib.util, socket, types
torch = types.SimpleNamespace(__file__=importlib.util.find_spec("torch").origin)
for name, statements in {REFUSED!r}.items():
    try:
        exec(statements)
    except PermissionError:
        continue
    except BaseException as error:
        print(name, repr(error))
    print(name, "was not refused")
print("done")
"""
    assert contained(body, scratch=scratch) == "done\n"


@needs_seccomp
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are x86-64's")
def test_calls_are_refused_by_number(scratch):
    calls = {
        "ptrace": 101,
        "process_vm_readv": 310,
        "pidfd_open": 434,
        "bpf": 321,
        "perf_event_open": 298,
        "unshare": 272,
        "mount": 165,
        "keyctl": 250,
        "userfaultfd": 323,
        "io_uring_setup": 425,
        "kcmp": 312,
        "name_to_handle_at": 303,
        "socket": 41,
        "connect": 42,
        "shmget": 29,
        "x32 socket": 0x40000000 + 41,
        "clone with namespaces": 56,
        "not yet known": 499,
    }
    body = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for name, number in {calls!r}.items():
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(0x10000000)] + [ctypes.c_long(0)] * 5)
    if result != -1 or ctypes.get_errno() not in (1, 38):
        print(name, result, ctypes.get_errno())
print("done")
"""
    assert contained(body, scratch=scratch) == "done\n"


def test_the_sandbox_says_what_holds(scratch):
    body = "import json; print(json.dumps(box.layers))"
    found = json.loads(contained(body, scratch=scratch))
    assert set(found) <= set(sandbox.LAYERS)
    assert "memory" in found
    assert ("files" in found) == (landlock.version() > 0)
    assert ("calls" in found) == seccomp.available()
    assert layers.probe("interpreter") == layers.in_force([found])


def test_a_missing_layer_is_told_by_what_it_means():
    assert layers.missing(list(sandbox.LAYERS)) is None
    lacking = layers.missing([layer for layer in sandbox.LAYERS if layer != "network"])
    assert lacking == "`network` is missing, so it can reach the network"
    assert layers.in_force([["files", "network"], ["network"]]) == ["network"]
    assert layers.in_force([]) == []
    assert set(layers.LACKING) == set(sandbox.LAYERS)


@pytest.mark.parametrize(("around", "told"), [("on", ["bubblewrap"]), ("off", []), (None, [])])
def test_bubblewrap_is_named_only_inside_of_it(monkeypatch, around, told):
    monkeypatch.delenv("FUSEWRIGHT_BUBBLEWRAP", raising=False)
    if around is not None:
        monkeypatch.setenv("FUSEWRIGHT_BUBBLEWRAP", around)
    assert layers.in_force([["files"]]) == [*told, "files"]


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/root/key"), "Contained", "'/root/key'"),
        (PermissionError(errno.EPERM, "Operation not permitted"), "Contained", "`os.fork()`"),
        (OSError(errno.ENOSPC, "No space left"), "DiskLimit", "disk"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "ProcessLimit", "processes"),
        (RuntimeError("can't start new thread"), "ProcessLimit", "threads"),
        (MemoryError(), "MemoryLimit", "more memory"),
        (
            RuntimeError(
                "DefaultCPUAllocator: can't allocate memory: you tried to allocate 2147483648 bytes."
            ),
            "MemoryLimit",
            "2.0 GiB",
        ),
        (FileNotFoundError(errno.ENOENT, "No such file", "x"), None, ""),
        (ValueError("Permission denied"), None, ""),
    ],
)
def test_a_refusal_says_what_was_tried(error, kind, says):
    found = refusal(error, "os.fork()")
    assert (found.kind if found else None) == kind
    assert says in (found.message if found else "")


def agreed():
    ours, theirs = Channel.pair()
    worker = Channel(theirs)
    ours.agree(b"k" * 32, judge=True)
    worker.agree(b"k" * 32, judge=False)
    return ours, worker, theirs


def test_sealed_messages_arrive_in_both_directions():
    ours, worker, _ = agreed()
    for number in range(3):
        ours.send({"ask": number})
        assert worker.receive(1)[0] == {"ask": number}
        worker.send({"ok": number})
        assert ours.receive(1)[0] == {"ok": number}


def test_a_message_without_the_seal_is_forged():
    ours, _, theirs = agreed()
    body = b'{"ok":{}}'
    theirs.sendall(struct.pack("<I", len(body)) + b"\0" * 16 + body)
    with pytest.raises(ChannelForged):
        ours.receive(1)


def test_text_on_the_descriptor_is_forged():
    ours, _, theirs = agreed()
    theirs.sendall(b'{"event": "verdict", "verdict": {"verdict": "pass"}}\n')
    with pytest.raises(ChannelForged):
        ours.receive(1)


def test_a_message_sent_again_or_back_is_forged():
    for replay in (0, 1):
        ours, worker, _ = agreed()
        recorder, sink = Channel.pair()
        recorder.agree(b"k" * 32, judge=bool(replay))
        recorder.send({"ok": 1})
        raw = sink.recv(4096)
        end = worker._socket
        end.sendall(raw)
        if replay == 0:
            assert ours.receive(1)[0] == {"ok": 1}
            end.sendall(raw)
        with pytest.raises(ChannelForged):
            ours.receive(1)


def start(code: str, cwd: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()\n" + code],
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=cwd,
    )
    process.stdout.readline()
    return process


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (
            f"import os, time\nfor _ in range({MAX_PROCESSES + 1}):\n    os.fork() or time.sleep(60)",
            "ProcessLimit",
        ),
        ("import time\nheld = b'x' * (200 << 20)\ntime.sleep(60)", "MemoryLimit"),
        (
            """
import os, mmap, time
fd = os.memfd_create("x")
os.ftruncate(fd, 200 << 20)
held = mmap.mmap(fd, 200 << 20)
held.write(b"x" * len(held))
time.sleep(60)
""",
            "MemoryLimit",
        ),
        (
            """
import os, time
fd = os.open("fill", os.O_CREAT | os.O_WRONLY)
os.posix_fallocate(fd, 0, 3 << 30)
time.sleep(60)
""",
            "DiskLimit",
        ),
        ("import os, time\nos.makedirs('/'.join(map(str, range(600))))\ntime.sleep(60)", None),
    ],
)
def test_the_watch_ends_what_takes_too_much(code, kind, tmp_path):
    process = start(code, str(tmp_path))
    watch = Watch()
    watch.add(process.pid, 100 << 20, str(tmp_path), lambda: kill_group(process.pid))
    try:
        process.stdin.write(b"\n")
        process.stdin.flush()
        end = time.monotonic() + (10 if kind else 1.5)
        while watch.excess(process.pid) is None and time.monotonic() < end:
            time.sleep(0.01)
        excess = watch.excess(process.pid)
        assert (excess.kind if excess else None) == kind
        if kind:
            process.wait(10)
    finally:
        watch.remove(process.pid)
        kill_group(process.pid)
        process.wait(10)


def test_limits_are_lowered_and_never_raised(scratch):
    body = """
import resource
print(resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_NOFILE)[1] <= 4096)
import mmap
try:
    mmap.mmap(-1, 2 << 30, flags=mmap.MAP_PRIVATE)
except OSError as error:
    print(error.errno)
"""
    assert contained(body, scratch=scratch) == f"(0, 0) True\n{errno.ENOMEM}\n"
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 0
