"""Accesses out of bounds: named with program, lane, argument and element, and never carried out."""

import torch
import triton
import triton.language as tl

from fusewright_harness.interpreter.bounds import OutOfBounds


@triton.jit
def _copy(x, out, n, BLOCK: tl.constexpr):
    lanes = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + lanes, tl.load(x + lanes, mask=lanes < n), mask=lanes < n)


def _refused(launch):
    try:
        launch()
    except OutOfBounds as error:
        return error
    raise AssertionError("nothing was refused")


def case_load_past_the_end():
    error = _refused(lambda: _copy[(4,)](torch.zeros(100), torch.zeros(128), 110, 32))
    assert (error.access, error.program, error.lane, error.lanes) == ("load", (3, 0, 0), (4,), 10)
    assert (error.argument, error.offset, error.elements) == ("x", 100, 100)
    assert str(error) == (
        "load out of bounds in program (3, 0, 0): lane 4, the first of 10, touches element 100 of `x`, "
        "which has elements 0 to 99"
    )


def case_store_past_the_end():
    out = torch.zeros(64)
    error = _refused(lambda: _copy[(1,)](torch.ones(128), out, 128, 128))
    assert (error.access, error.argument, error.offset) == ("store", "out", 64)
    assert not out.any(), "the store was carried out"


def case_a_neighbour_is_out_of_bounds_too():
    # One allocation, two arguments: the first's end is inside of memory that belongs to the launch.
    memory = torch.zeros(128)
    x = memory[:64].clone()
    error = _refused(lambda: _copy[(1,)](x, memory, 128, 128))
    assert (error.argument, error.offset) == ("x", 64)


def case_before_the_beginning():
    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        lanes = tl.arange(0, N)
        tl.store(out + lanes, tl.load(x + lanes - 3))

    error = _refused(lambda: kernel[(1,)](torch.zeros(8), torch.zeros(8), 8))
    assert (error.argument, error.offset, error.lane) == ("x", -3, (0,))


def case_far_away():
    @triton.jit
    def kernel(x, N: tl.constexpr, STEP: tl.constexpr):
        tl.store(x + tl.arange(0, N).to(tl.int64) * STEP, 1.0)

    for step in (10**9, -(10**9), 1 << 50):
        error = _refused(lambda step=step: kernel[(1,)](torch.zeros(8), 8, step))
        assert error.lane == (1,)
        assert error.argument == "x"


def case_a_view_may_use_its_whole_storage():
    memory = torch.arange(64.0)
    out = torch.zeros(32)
    _copy[(1,)](memory[16:32], out, 32, 32)
    assert torch.equal(out, memory[16:48])
    error = _refused(lambda: _copy[(1,)](memory[48:], out, 32, 32))
    assert (error.offset, error.elements) == (16, 16)


def case_masked_lanes_are_free():
    out = torch.zeros(3)
    _copy[(1,)](torch.ones(3), out, 3, 1024)
    assert out.tolist() == [1.0] * 3


def case_an_empty_tensor():
    error = _refused(lambda: _copy[(1,)](torch.zeros(0), torch.zeros(8), 8, 8))
    assert "`x`, which is empty" in str(error)


def case_a_single_element():
    @triton.jit
    def kernel(x, out, i):
        tl.store(out, tl.load(x + i))

    error = _refused(lambda: kernel[(1,)](torch.zeros(8), torch.zeros(1), 8))
    assert error.lane == ()
    assert "its only lane touches element 8 of `x`" in str(error)


def case_two_dimensions():
    @triton.jit
    def kernel(x, M: tl.constexpr, N: tl.constexpr):
        tl.store(x + tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :], 1.0)

    error = _refused(lambda: kernel[(1,)](torch.zeros(4, 8), 8, 8))
    assert error.lane == (4, 0)


def case_atomics():
    @triton.jit
    def kernel(x, N: tl.constexpr):
        tl.atomic_add(x + tl.arange(0, N), 1.0)

    error = _refused(lambda: kernel[(1,)](torch.zeros(4), 8))
    assert (error.access, error.offset) == ("atomic", 4)


def case_addresses_read_from_memory():
    @triton.jit
    def kernel(addresses, out, N: tl.constexpr, G: tl.constexpr):
        for g in range(G):
            x = tl.load(addresses + g).to(tl.pointer_type(tl.float32))
            tl.store(out + g * N + tl.arange(0, N), tl.load(x + tl.arange(0, N)))

    parts = [torch.full((16,), float(i)) for i in range(3)]
    out = torch.zeros(3, 16)
    kernel[(1,)](torch.tensor([part.data_ptr() for part in parts]), out, 16, 3)
    assert torch.equal(out, torch.stack(parts))
    error = _refused(lambda: kernel[(1,)](torch.tensor([8]), out, 16, 1))
    assert error.argument is None


def case_the_line_is_the_kernels():
    import traceback

    try:
        _copy[(1,)](torch.zeros(8), torch.zeros(16), 16, 16)
    except OutOfBounds as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == __file__]
        assert frames[-1].line.startswith("tl.store(out + lanes, tl.load(x")
    else:
        raise AssertionError("nothing was refused")
