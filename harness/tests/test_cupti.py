"""Reading CUPTI's records, from a library that is simulated."""

from __future__ import annotations

import ctypes
import io
import struct
from dataclasses import replace

import pytest
import torch
from simulated_gpu import EVENT_MS, LAUNCH_MS, SimulatedGpu

from fusewright_harness import cupti
from fusewright_harness.cupti import Activities, Unavailable, profile_calls, readable

ADD = "_ZN2at6native10add_kernelEf"


def record(kind, begin, end, name=None):
    """A record's bytes as CUDA's headers lay it out, and what must live as long."""
    text = ctypes.create_string_buffer(name.encode()) if name is not None else None
    raw = bytearray(160)
    struct.pack_into("<I", raw, 0, kind)
    struct.pack_into("<QQ", raw, 16, begin, end)
    struct.pack_into("<Q", raw, 104, ctypes.addressof(text) if text is not None else 0)
    return bytes(raw), text


class SimulatedCupti:
    """CUPTI's functions, which hand over what ``launch`` was told of."""

    def __init__(self, refused=None):
        self.refused = refused
        self.enabled = set()
        self.pending = []
        self.kept = []

    def launch(self, *records):
        self.pending += [made for made in records if struct.unpack_from("<I", made[0])[0] in self.enabled]

    def cuptiActivityRegisterCallbacks(self, request, completed):
        self.request, self.completed = request, completed
        return 0

    def cuptiActivityEnable(self, kind):
        self.enabled.add(kind.value)
        return 15 if kind.value == self.refused else 0

    def cuptiActivityDisable(self, kind):
        self.enabled.discard(kind.value)
        return 0

    def cuptiActivityFlushAll(self, _flags):
        buffer, size, most = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_size_t(9)
        self.request(ctypes.byref(buffer), ctypes.byref(size), ctypes.byref(most))
        assert most.value == 0
        data = b"".join(raw for raw, _text in self.pending)
        assert len(data) < size.value
        ctypes.memmove(buffer.value, data, len(data))
        self.kept, self.pending, self.read = self.pending, [], 0
        self.completed(None, 0, buffer, size, len(data))
        return 0

    def cuptiActivityGetNextRecord(self, buffer, filled, record):
        if self.read >= filled.value:
            return 12
        record._obj.value = buffer.value + self.read
        self.read += 160
        return 0


def test_kernels_copies_and_fills_are_told_apart():
    library = SimulatedCupti()
    activities = Activities(library)
    activities.begin()
    library.launch(record(10, 1_000, 6_000, "norm_kernel"), record(1, 0, 2_000), record(2, 10, 1_010))
    library.launch(record(10, 0, 3_000, ADD), record(10, 9, 3, "from_the_future"), record(5, 0, 9))
    assert activities.take() == [
        ("norm_kernel", 0.005),
        ("copy", 0.002),
        ("fill", 0.001),
        ("at::native::add_kernel(float)", 0.003),
    ]
    assert activities.take() == []
    activities.end()
    assert library.enabled == set()


def handles_of(library):
    """A simulated GPU whose flush and wait are kernels that CUPTI sees."""
    gpu = SimulatedGpu()

    def flush():
        library.launch(record(10, 0, 40_000, "flush"))

    def wait(ms):
        gpu.work(ms, whole=True)
        library.launch(record(10, 0, 2_000_000, "fusewright_wait"))

    return gpu, replace(gpu.handles(), flush=flush, wait_ms=wait)


def test_only_what_the_fastest_call_does_counts():
    library = SimulatedCupti()
    gpu, handles = handles_of(library)
    factors = iter([5, 3, 1, 2, 1])

    def call(x, scale):
        factor = next(factors)
        library.launch(record(10, 0, 5_000 * factor, "norm_kernel"), record(10, 0, 1_000, "norm_kernel"))
        gpu.work(0.006 * factor)
        return x * scale

    inputs = ((torch.ones(3),), {"scale": 2})
    spent, elapsed_ms = profile_calls(call, inputs, Activities(library), handles)
    assert spent == {"norm_kernel": pytest.approx((0.006, 2))}
    assert elapsed_ms == pytest.approx(0.006 + LAUNCH_MS + EVENT_MS)
    assert library.enabled == set()


def test_a_refusal_is_told_and_nothing_stays_on():
    library = SimulatedCupti(refused=1)
    with pytest.raises(Unavailable, match="activities of kind 1: status 15"):
        profile_calls(lambda: None, ((), {}), Activities(library), handles_of(library)[1])
    assert library.enabled == set()


def test_a_symbol_of_c_is_left_as_it_is():
    assert readable("_sum_of_rows") == "_sum_of_rows"
    assert readable("_Znonsense!") == "_Znonsense!"


@pytest.mark.parametrize("line", ["/nowhere/libcupti.so.13", "/usr/lib/libother.so"])
def test_without_the_library_there_is_nothing_to_ask(monkeypatch, line):
    monkeypatch.setattr(
        cupti, "open", lambda *_, **__: io.StringIO(f"7f00-7f01 r-xp {line}\n"), raising=False
    )
    assert Activities.of_torch() is None
