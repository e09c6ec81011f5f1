"""Messages between the judge and its workers."""

from __future__ import annotations

import os
import socket
import struct

import pytest

from fusewright_harness.channel import Channel, ChannelClosed, ChannelGarbled, ChannelTimeout


def ends():
    ours, theirs = Channel.pair()
    return ours, Channel(theirs)


def raw():
    ours, theirs = Channel.pair()
    return ours, theirs


def test_messages_and_descriptors_arrive_in_order():
    left, right = ends()
    read, write = os.pipe()
    left.send({"n": 1, "text": "ä" * 10_000}, [write])
    left.send({"n": 2})
    message, descriptors = right.receive(1)
    assert message["n"] == 1
    os.write(descriptors[0], b"x")
    assert os.read(read, 1) == b"x"
    assert right.receive(1) == ({"n": 2}, [])


def test_a_large_message_arrives_whole():
    left, right = ends()
    import threading

    thread = threading.Thread(target=left.send, args=({"data": "x" * 3_000_000},))
    thread.start()
    assert len(right.receive(5)[0]["data"]) == 3_000_000
    thread.join()


def test_silence_is_a_timeout_and_a_hung_up_end_is_closed():
    left, right = ends()
    with pytest.raises(ChannelTimeout):
        right.receive(0.05)
    left.close()
    with pytest.raises(ChannelClosed):
        right.receive(1)
    with pytest.raises(ChannelClosed):
        right.send({})


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<I", 1 << 31),
        struct.pack("<I", 3) + b"{{{",
        struct.pack("<I", 2) + b"[]",
        struct.pack("<I", 200_000) + b"[" * 200_000,
    ],
)
def test_what_is_no_message_is_refused(data):
    left, theirs = raw()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    theirs.sendall(data)
    with pytest.raises(ChannelGarbled):
        left.receive(1)


def test_half_a_message_and_the_end_is_closed():
    left, theirs = raw()
    theirs.sendall(struct.pack("<I", 100) + b"{")
    theirs.close()
    with pytest.raises(ChannelClosed):
        left.receive(1)
