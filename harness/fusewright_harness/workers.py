"""The judge's side of its workers: asking them, and ending them in time."""

from __future__ import annotations

import os
import secrets
import signal
from typing import TYPE_CHECKING, Any

from fusewright_harness.channel import Channel, ChannelClosed, ChannelForged, ChannelGarbled, ChannelTimeout
from fusewright_harness.containment import layers
from fusewright_harness.containment.limits import available_bytes
from fusewright_harness.containment.watch import Watch
from fusewright_harness.deadline import Deadline
from fusewright_harness.faults import Cancelled, Fault, fault_from_message, harness_fault
from fusewright_harness.process_tree import kill_group
from fusewright_harness.transfer import receive_value

if TYPE_CHECKING:
    from fusewright_harness.zygotes import Zygote

_START_LIMIT_S = 120.0
_END_LIMIT_S = 5.0
_KEY_BYTES = 32
_MEMORY_SHARE = 0.6
"""The part of the memory that is free when a worker starts which it may take."""

AGAIN = "verify again, and where it stays so, see what `fusewright doctor` says"
"""What to do about a fault of ours or of the machine."""

_ADVICE = {
    "DiskLimit": "a pair writes nothing",
    "MemoryLimit": "make the inputs smaller",
    "ProcessLimit": "a pair needs none",
}

_watch = Watch()


class Worker:
    """A forked worker that plays ``implementation`` ("pytorch" or "triton") for one pair."""

    def __init__(self, zygote: Zygote, channel: Channel, pid: int, scratch: str) -> None:
        self._zygote = zygote
        self._channel = channel
        self.pid = pid
        self._scratch = scratch
        self._role = ""
        self._implementation = "harness"
        self._deadline = Deadline(_START_LIMIT_S)
        self._release: list[int] = []
        self._doing = "starting"
        self._over = False
        self._layers: list[str] | None = None
        self._killed = False
        self.ended = False
        """Whether its process was found to have ended."""
        self._memory_bytes = int(available_bytes() * _MEMORY_SHARE)
        # Through the worker's own channel and not the zygote, whose memory later workers inherit.
        key = secrets.token_bytes(_KEY_BYTES)
        channel.send({"key": key.hex(), "memory_bytes": self._memory_bytes})
        channel.agree(key, judge=True)

    def layers(self) -> list[str]:
        """The layers of containment that are in force, once the worker is ready: it waits for that.

        Raises :class:`Fault` where the worker could not be made ready.
        """
        if self._layers is None:
            try:
                message, _ = self._channel.receive(_START_LIMIT_S)
            except (ChannelClosed, ChannelGarbled, ChannelTimeout) as error:
                if self._deadline.cancelled.is_set():
                    raise Cancelled from error
                raise harness_fault(f"a worker ended before it was ready: {AGAIN}", "StartError") from error
            if "problem" in message:
                raise harness_fault(f"a worker could not be made ready: {message['problem']}", "StartError")
            self._layers = [str(layer) for layer in message.get("layers", [])]
        return self._layers

    @property
    def folder(self) -> str:
        """Its scratch folder."""
        return self._scratch

    def assign(self, role: str, implementation: str, deadline: Deadline) -> None:
        """Makes this worker play ``role`` until ``deadline``."""
        self.layers()
        _watch.add(self.pid, self._memory_bytes, self._scratch, lambda: kill_group(self.pid))
        self._role = role
        self._implementation = implementation
        self._deadline = deadline

    def hurry(self, deadline: Deadline) -> None:
        """Holds it to another deadline from now on."""
        self._deadline = deadline

    def ask(self, verb: str, doing: str, descriptors: list[int] | None = None, **fields: Any) -> None:
        """Sends one message; :meth:`answer` takes the reply. ``doing`` names it in a timeout's message."""
        self.layers()
        self._doing = doing
        message = {"role": self._role, "verb": verb, "release": self._release, **fields}
        self._release = []
        try:
            self._channel.send(message, descriptors)
        except ChannelClosed as error:
            raise self._ended() from error

    def answer(self) -> Answer:
        """The reply to the last message.

        Raises :class:`Fault` for what the pair did wrong (also for ending its process, or running out of time)
        and :class:`Cancelled`.
        """
        try:
            message, descriptors = self._channel.receive(self._deadline.left_s())
        except ChannelTimeout as error:
            raise self._late() from error
        except ChannelForged as error:
            raise self._forged() from error
        except (ChannelClosed, ChannelGarbled) as error:
            raise self._ended() from error
        if self._deadline.cancelled.is_set():
            raise Cancelled
        if isinstance(message.get("fault"), dict):
            raise fault_from_message(message["fault"], self._implementation)
        if not isinstance(message.get("ok"), dict):
            raise harness_fault(f"the {self._role}'s process sent an answer that is none: {AGAIN}")
        if isinstance(message.get("lent"), int):
            self._release.append(message["lent"])
        return Answer(message["ok"], message.get("value"), descriptors)

    def keep(self, answer: Answer) -> None:
        """Keeps the memory that the last answer lent until :meth:`let_go`."""
        answer.kept, self._release = self._release[-1:], self._release[:-1]

    def let_go(self, answer: Answer) -> None:
        """Has the worker free, with its next message, the memory that :meth:`keep` kept."""
        self._release += answer.kept
        answer.kept = []

    def kill(self) -> None:
        """Has the process end with all that it started; :meth:`end` waits until it has."""
        if self._killed:
            return
        self._killed = True
        self._channel.shut()
        self._channel.close()
        _watch.remove(self.pid)
        kill_group(self.pid)
        self._zygote.kill(self.pid)

    def end(self) -> None:
        """Ends the process with all that it started and removes its scratch folder; a second time does nothing."""
        if self._over:
            return
        self._over = True
        self.kill()
        self._zygote.wait(self.pid, _END_LIMIT_S)
        self._zygote.scratch.discard(self._scratch)

    def interrupt(self) -> None:
        """Wakes whoever waits for an answer, from another thread."""
        self._channel.shut()

    def _name(self) -> str:
        return {"pytorch": "reference", "triton": "candidate"}.get(self._implementation, self._role)

    def _late(self) -> Fault:
        if self._deadline.cancelled.is_set():
            raise Cancelled
        message = (
            f"the {self._name()} was still {self._doing} when the limit of {self._deadline.limit_s:g} s ran out; make "
            "the inputs smaller, or raise `timeout_s` under [verify]"
        )
        return Fault(self._implementation, "timeout", "Timeout", message)

    def _forged(self) -> Fault:
        if self._deadline.cancelled.is_set():
            raise Cancelled
        message = (
            f"the {self._name()}'s code wrote to a descriptor that is not its own, where its process answers "
            "the judge: let it compute and return, and write nowhere"
        )
        return Fault(self._implementation, "trust", "ForgedAnswer", message, verdict="rejected")

    def _ended(self) -> Fault:
        if self._deadline.cancelled.is_set():
            raise Cancelled
        self.ended = True
        excess = _watch.excess(self.pid)
        if excess is not None:
            advice = _ADVICE.get(excess.kind, "let it compute alone")
            message = (
                f"the {self._name()}'s process {excess.what} while {self._doing}, so it was ended: {advice}"
            )
            return Fault(self._implementation, "run", excess.kind, message)
        status = self._zygote.wait(self.pid, _END_LIMIT_S)
        if status is None:
            how = "stopped answering"
        elif status == -signal.SIGKILL:
            how = "was killed, as the system does when the machine's memory runs out,"
        elif status < 0:
            how = f"was ended by {signal.Signals(-status).name}"
        else:
            how = f"ended itself with exit status {status}"
        return Fault(
            self._implementation,
            "run",
            "ProcessEnded",
            f"the {self._name()}'s process {how} while {self._doing}",
        )


def team_layers(workers: list[Worker], request: dict[str, Any]) -> list[str]:
    """The layers of containment that all of a verdict's workers have.

    Raises :class:`Fault` where the request insists on all of them and one is missing.
    """
    found = layers.in_force(worker.layers() for worker in workers)
    lacking = layers.missing(found)
    if lacking and request.get("options", {}).get("containment") == "required":
        message = (
            f'`[verify] containment = "required"`, and {lacking}; `fusewright doctor` says how to mend it, '
            'and "best" does with what there is'
        )
        raise harness_fault(message, "ContainmentMissing")
    return found


class Answer:
    """A worker's reply: ``fields``, and the ``value`` message with its descriptors where one came."""

    def __init__(self, fields: dict[str, Any], value: Any, descriptors: list[int]) -> None:
        self.fields = fields
        self.value = value
        self.descriptors = descriptors
        self.kept: list[int] = []

    def close(self) -> None:
        """Closes the descriptors that nobody took."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = []


def receive_answer(answer: Answer, name: str, implementation: str) -> dict[str, Any]:
    """Copies what a worker handed over. A damaged message is the worker's fault, whoever wrote it."""
    if not isinstance(answer.value, dict):
        answer.close()
        raise harness_fault(f"the {name}'s process handed over nothing: {AGAIN}")
    descriptors, answer.descriptors = answer.descriptors, []
    try:
        value = receive_value(answer.value, descriptors)
    except ValueError as error:
        raise Fault(
            implementation, "check", "DamagedMessage", f"the {name}'s process sent {error}"
        ) from error
    if not isinstance(value, dict):
        raise Fault(implementation, "check", "DamagedMessage", f"the {name}'s process sent something else")
    return value
