"""The harness's own kernels: one that only waits, on every multiprocessor at once, and one that does next to nothing.

While the first runs, the host enqueues the calls of a round, so that their time is the GPU's and not the launch path's.
It takes every thread slot of the GPU: a kernel on another stream finds no room beside it, and so cannot do a round's
work unseen before the round begins. The second, launched several times in a row, tells what a launch takes in this
process (:mod:`launch_cost`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, NamedTuple

import torch

# PTX of the oldest version that knows `nanosleep`; the driver compiles it for the card when it is loaded.
_PTX = b"""
.version 6.3
.target sm_70
.address_size 64
.visible .entry fusewright_wait(.param .u64 nanoseconds)
.maxntid 1024, 1, 1
{
  .reg .u64 %limit, %begin, %now, %passed;
  .reg .pred %early;
  ld.param.u64 %limit, [nanoseconds];
  mov.u64 %begin, %globaltimer;
again:
  nanosleep.u32 100;
  mov.u64 %now, %globaltimer;
  sub.u64 %passed, %now, %begin;
  setp.lt.u64 %early, %passed, %limit;
  @%early bra again;
  ret;
}
.visible .entry fusewright_touch(.param .u64 memory)
.maxntid 256, 1, 1
{
  .reg .u32 %thread, %block, %index;
  .reg .u64 %base, %offset, %address;
  .reg .f32 %value;
  ld.param.u64 %base, [memory];
  mov.u32 %thread, %tid.x;
  mov.u32 %block, %ctaid.x;
  mad.lo.u32 %index, %block, 256, %thread;
  mul.wide.u32 %offset, %index, 4;
  add.u64 %address, %base, %offset;
  ld.global.f32 %value, [%address];
  add.f32 %value, %value, 0f3F800000;
  st.global.f32 [%address], %value;
  ret;
}
"""
_WAIT_THREADS = 1024
_TOUCH_BLOCKS, _TOUCH_THREADS = 4, 256
_TOUCH_BYTES = _TOUCH_BLOCKS * _TOUCH_THREADS * 4

WAIT_NAME = "fusewright_wait"
"""What profilers call the kernel that waits."""

TOUCHES = 8
"""How many touches may follow one another on memory of their own."""


class OwnKernels(NamedTuple):
    """The kernels on one stream. Both return at once."""

    wait_ms: Callable[[float], None]
    """Makes the stream wait that many milliseconds."""
    touch: Callable[[int], None]
    """Adds one to the elements, a thousand or so, at the place of that number."""


def load_kernels(device: torch.device, stream: int) -> OwnKernels | None:
    """The kernels on a stream (its handle), or None where the driver refuses.

    They work in the context that is current, which must be the device's.
    """
    driver = ctypes.CDLL("libcuda.so.1")
    module = ctypes.c_void_p()
    if driver.cuModuleLoadData(ctypes.byref(module), ctypes.c_char_p(_PTX)) != 0:
        return None
    functions = [ctypes.c_void_p(), ctypes.c_void_p()]
    for function, name in zip(functions, (WAIT_NAME.encode(), b"fusewright_touch"), strict=True):
        if driver.cuModuleGetFunction(ctypes.byref(function), module, ctypes.c_char_p(name)) != 0:
            return None
    launch = driver.cuLaunchKernel
    launch.argtypes = [
        ctypes.c_void_p,
        *[ctypes.c_uint] * 7,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    properties = torch.cuda.get_device_properties(device)
    most_blocks = max(1, properties.max_threads_per_multi_processor // _WAIT_THREADS)
    wait = _launcher(
        launch, functions[0], properties.multi_processor_count * most_blocks, _WAIT_THREADS, stream
    )
    touch = _launcher(launch, functions[1], _TOUCH_BLOCKS, _TOUCH_THREADS, stream)
    memory = torch.zeros(TOUCHES * _TOUCH_BYTES, dtype=torch.uint8, device=device)
    address = memory.data_ptr()

    def touch_number(number: int) -> None:
        assert memory is not None  # It lives as long as this function.
        touch(address + number * _TOUCH_BYTES)

    return OwnKernels(lambda ms: wait(int(ms * 1e6)), touch_number)


def _launcher(
    launch: Any, function: ctypes.c_void_p, blocks: int, threads: int, stream: int
) -> Callable[[int], None]:
    argument = ctypes.c_uint64()
    parameters = (ctypes.c_void_p * 1)(ctypes.cast(ctypes.byref(argument), ctypes.c_void_p))

    def launched(value: int) -> None:
        argument.value = value
        if launch(function, blocks, 1, 1, threads, 1, 1, 0, stream, parameters, None) != 0:
            raise RuntimeError("the CUDA driver refused to launch one of the harness's kernels")

    return launched
