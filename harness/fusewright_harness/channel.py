"""Messages between the judge and its workers: JSON with file descriptors, over a Unix socket pair.

A message is a four-byte little-endian length and that many bytes of JSON. Descriptors travel with the first
byte. The judge never unpickles: whatever a worker sends is JSON with numbers and text in it, and a message
that is too long, or no JSON object, ends the worker.

Once both ends have agreed on a key (:meth:`Channel.agree`), a message carries a keyed hash of its number and
its body. So code of a pair that finds the descriptor can break the channel, which is told, but not speak for the
worker.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import struct
import time
from typing import Any

_HEADER = struct.Struct("<I")
_NUMBER = struct.Struct("<Q")
_SEAL_BYTES = 16
_LIMIT = 32 << 20
_MAX_DESCRIPTORS = 4


class ChannelClosed(Exception):
    """The other side is gone."""


class ChannelTimeout(Exception):
    """Nothing came within the time limit."""


class ChannelGarbled(Exception):
    """The other side sent something that is no message."""


class ChannelForged(ChannelGarbled):
    """Somebody without the key wrote to the other end."""


class _Seals:
    """The seals of one direction's messages, in order. The key is kept in the hash's state alone."""

    def __init__(self, key: bytes, direction: bytes) -> None:
        self._keyed = hashlib.blake2b(key=key, person=direction, digest_size=_SEAL_BYTES)
        self._number = 0

    def next(self, body: bytes) -> bytes:
        seal = self._keyed.copy()
        seal.update(_NUMBER.pack(self._number))
        seal.update(body)
        self._number += 1
        return seal.digest()


class Channel:
    """One end of a socket pair. Not for use by two threads at once."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._sealing: _Seals | None = None
        self._checking: _Seals | None = None

    def agree(self, key: bytes, judge: bool) -> None:
        """Seals every message from now on with ``key``; ``judge`` tells which of the two ends this is."""
        sealing, checking = (b"judge", b"worker") if judge else (b"worker", b"judge")
        self._sealing, self._checking = _Seals(key, sealing), _Seals(key, checking)

    @staticmethod
    def pair() -> tuple[Channel, socket.socket]:
        """A channel and the raw socket to give to the other process."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        return Channel(ours), theirs

    def fileno(self) -> int:
        """The descriptor, for ``select``."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes this end."""
        self._socket.close()

    def shut(self) -> None:
        """Ends the connection, waking a thread that waits in :meth:`receive`."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def send(self, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
        """Sends one message; raises :class:`ChannelClosed` where nobody listens any more."""
        body = json.dumps(message, separators=(",", ":")).encode()
        seal = self._sealing.next(body) if self._sealing is not None else b""
        data = _HEADER.pack(len(body)) + seal + body
        self._socket.settimeout(None)
        try:
            if descriptors:
                sent = socket.send_fds(self._socket, [data], descriptors)
                data = data[sent:]
            self._socket.sendall(data)
        except OSError as error:
            raise ChannelClosed(str(error)) from error

    def receive(self, timeout_s: float | None = None) -> tuple[dict[str, Any], list[int]]:
        """The next message and the descriptors that came with it.

        Raises :class:`ChannelClosed`, :class:`ChannelTimeout` (after ``timeout_s`` seconds in all) or
        :class:`ChannelGarbled` (:class:`ChannelForged` where the seal is wrong). Descriptors of a message that is
        refused are closed.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        descriptors: list[int] = []
        try:
            header = self._read(_HEADER.size, deadline, descriptors)
            (length,) = _HEADER.unpack(header)
            if length > _LIMIT:
                garbled = ChannelGarbled if self._checking is None else ChannelForged
                raise garbled(f"a message of {length} bytes is over the limit of {_LIMIT}")
            seal = self._read(_SEAL_BYTES, deadline, descriptors) if self._checking is not None else b""
            body = self._read(length, deadline, descriptors)
            if self._checking is not None and not hmac.compare_digest(seal, self._checking.next(body)):
                raise ChannelForged("a message without the key's seal")
            try:
                message = json.loads(body)
            except (ValueError, RecursionError) as error:
                raise ChannelGarbled(f"a message is not JSON: {error}") from error
            if not isinstance(message, dict):
                raise ChannelGarbled("a message is not a JSON object")
        except BaseException:
            for descriptor in descriptors:
                os.close(descriptor)
            raise
        return message, descriptors

    def _read(self, count: int, deadline: float | None, descriptors: list[int]) -> bytes:
        parts: list[bytes] = []
        while count > 0:
            if deadline is None:
                self._socket.settimeout(None)
            else:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ChannelTimeout
                self._socket.settimeout(left)
            try:
                data, received, _flags, _address = socket.recv_fds(
                    self._socket, min(count, 1 << 20), _MAX_DESCRIPTORS
                )
            except TimeoutError as error:
                raise ChannelTimeout from error
            except OSError as error:
                raise ChannelClosed(str(error)) from error
            descriptors.extend(received)
            if not data:
                raise ChannelClosed("the process ended")
            parts.append(data)
            count -= len(data)
        return b"".join(parts)
