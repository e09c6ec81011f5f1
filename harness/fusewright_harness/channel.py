"""Messages between the judge and its workers: JSON with file descriptors, over a Unix socket pair.

A message is a four-byte little-endian length and that many bytes of JSON. Descriptors travel with the first
byte. The judge never unpickles: whatever a worker sends is JSON with numbers and text in it, and a message
that is too long, or no JSON object, ends the worker.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from typing import Any

_HEADER = struct.Struct("<I")
_LIMIT = 32 << 20
_MAX_DESCRIPTORS = 4


class ChannelClosed(Exception):
    """The other side is gone."""


class ChannelTimeout(Exception):
    """Nothing came within the time limit."""


class ChannelGarbled(Exception):
    """The other side sent something that is no message."""


class Channel:
    """One end of a socket pair. Not for use by two threads at once."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end

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
        data = _HEADER.pack(len(body)) + body
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
        :class:`ChannelGarbled`. Descriptors of a message that is refused are closed.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        descriptors: list[int] = []
        try:
            header = self._read(_HEADER.size, deadline, descriptors)
            (length,) = _HEADER.unpack(header)
            if length > _LIMIT:
                raise ChannelGarbled(f"a message of {length} bytes is over the limit of {_LIMIT}")
            try:
                message = json.loads(self._read(length, deadline, descriptors))
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
