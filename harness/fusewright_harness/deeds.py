"""What a pair's code may not do, by the audit events (PEP 578) that tell of it."""

from __future__ import annotations

from dataclasses import dataclass

EVENTS = {
    "_thread.start_new_thread": ("BackgroundThread", "starts a thread"),
    "_thread.start_joinable_thread": ("BackgroundThread", "starts a thread"),
    "subprocess.Popen": ("ProcessStarted", "starts a process"),
    "os.system": ("ProcessStarted", "starts a process"),
    "os.exec": ("ProcessStarted", "starts a process"),
    "os.fork": ("ProcessStarted", "starts a process"),
    "os.forkpty": ("ProcessStarted", "starts a process"),
    "os.posix_spawn": ("ProcessStarted", "starts a process"),
    "os.spawn": ("ProcessStarted", "starts a process"),
    "os.kill": ("ProcessStarted", "sends a signal"),
    "socket.__new__": ("NetworkAccess", "opens a socket"),
    "open": ("FileAccess", "opens a file"),
    "os.listdir": ("FileAccess", "lists a folder"),
    "os.scandir": ("FileAccess", "lists a folder"),
    "glob.glob": ("FileAccess", "lists a folder"),
    "gc.get_objects": ("MemoryScan", "searches this process's objects"),
    "gc.get_referrers": ("MemoryScan", "searches this process's objects"),
    "gc.get_referents": ("MemoryScan", "searches this process's objects"),
    "mmap.__new__": ("MemoryScan", "maps memory"),
    "sys._current_frames": ("MemoryScan", "walks the frames of its callers"),
    "sys._getframe": ("MemoryScan", "walks the frames of its callers"),
    "sys.settrace": ("Introspection", "sets a trace function"),
    "sys.setprofile": ("Introspection", "sets a profile function"),
    "sys.addaudithook": ("Introspection", "sets an audit hook"),
    "exec": ("DynamicCode", "runs code that it made as text"),
    "compile": ("DynamicCode", "compiles code that it made as text"),
    "code.__new__": ("DynamicCode", "makes code"),
    "marshal.loads": ("DynamicCode", "loads code"),
    "pickle.find_class": ("DynamicCode", "unpickles"),
    "object.__setattr__": ("PatchedLibrary", "replaces a function's code"),
}

# Only what the pair calls by name: the standard library does these on behalf of honest code (named tuples, data
# classes, warnings).
DIRECT = frozenset(["exec", "compile", "code.__new__", "sys._getframe"])

THROUGH_LIBRARIES = frozenset(
    event
    for event, (kind, _what) in EVENTS.items()
    if kind in ("BackgroundThread", "ProcessStarted", "FileAccess")
)


@dataclass
class Deed:
    """Something that the pair's code did and may not: a stable type, a sentence, a line of the pair file."""

    kind: str
    message: str
    line: int | None
