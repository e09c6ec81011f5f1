"""A worker: one fork of a zygote that plays one role for one pair and ends.

It does nothing but answer the judge's messages. A message is ``{"verb": …}``, the answer either ``{"ok": …}``
with what the verb returns or ``{"fault": …}``. Shared memory that an answer lends stays until the judge lists it
under ``release``.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import traceback
from contextlib import ExitStack, suppress
from typing import Any, Protocol

import torch

from fusewright_harness.arenas import DriverOutOfMemory
from fusewright_harness.call import give_back_memory
from fusewright_harness.channel import Channel, ChannelClosed, ChannelGarbled
from fusewright_harness.containment.sandbox import Plan, Sandbox
from fusewright_harness.faults import Fault, fault_from_exception, out_of_memory
from fusewright_harness.process_tree import end_with_parent
from fusewright_harness.stopwatch import VERBS as TIMED
from fusewright_harness.transfer import Sent
from fusewright_harness.values import Untransferable
from fusewright_harness.warm import start_from_seed, warm_driver

_ENTERED = ExitStack()


class Role(Protocol):
    """What a worker plays."""

    def handle(
        self, verb: str, message: dict[str, Any], descriptors: list[int]
    ) -> tuple[dict[str, Any], Sent | None]:
        """Answers one message; raises :class:`Fault` where the pair fails."""
        ...


def run_worker(plan: Plan, descriptor: int, scratch: str) -> None:
    """Serves the judge at ``descriptor`` until it hangs up. ``scratch`` is the only folder to write to."""
    mode = plan.mode
    end_with_parent()
    _isolate(descriptor, scratch)
    channel = Channel(socket.socket(fileno=descriptor))
    try:
        first, _ = channel.receive()
        channel.agree(bytes.fromhex(first.pop("key")), judge=False)
    except (ChannelClosed, ChannelGarbled):
        return
    device = _prepare(plan, scratch, first["memory_bytes"], channel)
    role: Role | None = None
    lent: dict[int, Sent] = {}
    while True:
        try:
            message, descriptors = channel.receive()
        except (ChannelClosed, ChannelGarbled):
            return
        for number in message.get("release", []):
            if number in lent:
                lent.pop(number).close()
        sent: Sent | None = None
        try:
            if message["verb"] == "ready":
                answer = {}
            else:
                role = role or _role(message["role"], mode, device)
                answer, sent = role.handle(message["verb"], message, descriptors)
                if message["verb"] not in TIMED:
                    # Between the steps of a slot the memory stays: to fetch it again would be in the times.
                    give_back_memory()
            reply: dict[str, Any] = {"ok": answer}
        except Fault as fault:
            reply = {"fault": fault.as_dict()}
        except BaseException as error:
            reply = {"fault": _unforeseen(error).as_dict()}
        descriptors = []
        if sent is not None:
            number = max(lent, default=0) + 1
            lent[number] = sent
            reply |= {"value": sent.message, "lent": number}
            descriptors = sent.descriptors
        try:
            channel.send(reply, descriptors)
        except ChannelClosed:
            return


def _prepare(plan: Plan, scratch: str, memory_bytes: int, channel: Channel) -> Any:
    """Puts up the sandbox, with CUDA inside, and tells the judge. No code of a pair is loaded before."""
    try:
        if plan.mode == "cuda":
            start_from_seed()
        sandbox = Sandbox(plan, scratch)
        sandbox.before_cuda()
        device = _prepare_device(plan.mode)
        sandbox.after_cuda(memory_bytes)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        channel.send({"problem": text.strip().splitlines()[0][:1000]})
        os._exit(1)
    channel.send({"layers": sandbox.layers})
    return device


def _unforeseen(error: BaseException) -> Fault:
    if isinstance(error, (DriverOutOfMemory, torch.cuda.OutOfMemoryError)):
        return out_of_memory()
    if isinstance(error, Untransferable):
        return Fault("harness", "run", "Untransferable", f"the value holds {error}")
    fault = fault_from_exception(error, "harness", "run", "")
    fault.traceback = "".join(traceback.format_exception(error, limit=-12))
    return fault


def _isolate(descriptor: int, scratch: str) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))
    os.set_inheritable(descriptor, False)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    os.chdir(scratch)
    os.environ.update(
        {
            "HOME": scratch,
            "TMPDIR": scratch,
            "TRITON_CACHE_DIR": os.path.join(scratch, "triton"),
            "TORCHINDUCTOR_CACHE_DIR": os.path.join(scratch, "inductor"),
            # A worker's user need not have a name, and torch asks for one.
            "USER": "fusewright",
            "LOGNAME": "fusewright",
        }
    )
    # Python looks its temporary folder up once, and the zygote may have done so.
    tempfile.tempdir = scratch
    # Nothing in the scratch folder may be imported by accident: a pair could plant a `torch.py` there.
    sys.path[:] = [entry for entry in sys.path if entry not in ("", ".")]


def _prepare_device(mode: str) -> Any:
    if mode != "cuda":
        return torch.device("cpu")
    torch.cuda.init()
    device = torch.device("cuda", torch.cuda.current_device())
    # The context is made ahead of need, and so are the handles that `sleep` and `fill` take.
    torch.zeros(1, device=device)
    torch.cuda._sleep(1)
    torch.cuda.synchronize()
    # A GPU that refuses this refuses the pair's kernels too, and says so there.
    with suppress(Exception):
        warm_driver(device)
    return device


def _role(name: str, mode: str, device: Any) -> Role:
    role = _create_role(name, mode, device)
    if mode in ("interpreter", "compile"):
        from fusewright_harness.cuda_on_cpu import cuda_on_cpu

        # `cuda` in the pair's code means the CPU, for the life of the process.
        _ENTERED.enter_context(cuda_on_cpu())
    return role


def _create_role(name: str, mode: str, device: Any) -> Role:
    if name == "reference":
        from fusewright_harness.reference import Reference

        return Reference(device)
    if name == "candidate":
        from fusewright_harness.candidate import Candidate

        return Candidate(device, interpreted=mode == "interpreter")
    if name == "compiler":
        from fusewright_harness.compiler import Compiler

        return Compiler()
    if name == "author":
        from fusewright_harness.author import Author

        return Author()
    raise ValueError(f"no role is called {name!r}")
