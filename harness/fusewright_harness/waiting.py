"""A kernel that only waits, on every multiprocessor at once.

While it runs, the host enqueues the calls of a round, so that their time is the GPU's and not the launch path's. It
takes every thread slot of the GPU: a kernel on another stream finds no room beside it, and so cannot do a round's work
unseen before the round begins.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

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
"""
_THREADS = 1024


def load_wait(device: torch.device, stream: int) -> Callable[[float], None] | None:
    """A function that makes a stream (its handle) wait that many milliseconds, or None where the driver refuses.

    It works in the context that is current, which must be the device's, and returns at once.
    """
    driver = ctypes.CDLL("libcuda.so.1")
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    if driver.cuModuleLoadData(ctypes.byref(module), ctypes.c_char_p(_PTX)) != 0:
        return None
    if driver.cuModuleGetFunction(ctypes.byref(function), module, ctypes.c_char_p(b"fusewright_wait")) != 0:
        return None
    properties = torch.cuda.get_device_properties(device)
    blocks = properties.multi_processor_count * max(1, properties.max_threads_per_multi_processor // _THREADS)
    launch = driver.cuLaunchKernel
    launch.argtypes = [
        ctypes.c_void_p,
        *[ctypes.c_uint] * 7,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    nanoseconds = ctypes.c_uint64()
    parameters = (ctypes.c_void_p * 1)(ctypes.cast(ctypes.byref(nanoseconds), ctypes.c_void_p))

    def wait(ms: float) -> None:
        nanoseconds.value = int(ms * 1e6)
        if launch(function, blocks, 1, 1, _THREADS, 1, 1, 0, stream, parameters, None) != 0:
            raise RuntimeError("the CUDA driver refused to launch the waiting kernel")

    return wait
