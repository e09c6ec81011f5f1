"""A CUDA device for TorchInductor to write code for, where there is none: nothing is ever launched on it.

The device is the same whether the machine has a GPU or not, so that one PYTHON block gives one text everywhere.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
import triton
from torch._dynamo import device_interface
from torch._subclasses import fake_tensor

from fusewright_harness.interpreter.driver import SimulatedDriver, capability_of, shared_memory_limit
from fusewright_harness.simulated_cuda import constant, cuda_functions, properties_of

_MEMORY_BYTES = 80 << 30
_MULTIPROCESSORS = 132
# Types that torch's own code asks `isinstance` of, or enters as contexts: those stay what they are.
_KEPT = {"device", "stream", "device_of", "Event", "Stream", "CUDAGraph", "graph"}
_RUNTIME = {
    "_cuda_getCurrentRawStream": 0,
    "_cuda_getDeviceCount": 1,
    "_cuda_getDevice": 0,
    "_cuda_init": None,
}


@contextlib.contextmanager
def fake_device(target: str) -> Iterator[None]:
    """While it is entered ``torch.cuda`` and triton's driver answer as one card of ``target`` (``sm_90``) would.

    Raises:
        ValueError: the target is not known.

    """
    capability = capability_of(target)
    properties = properties_of(
        f"simulated {target}",
        (capability // 10, capability % 10),
        _MULTIPROCESSORS,
        _MEMORY_BYTES,
        shared_memory_limit(capability),
    )
    functions = {
        name: function
        for name, function in cuda_functions(properties).items()
        if name not in _KEPT and not name.endswith("Tensor")
    }
    functions |= {"_exchange_device": constant(0), "_maybe_exchange_device": constant(0)}
    driver = triton.runtime.driver
    with contextlib.ExitStack() as stack:
        for name, function in functions.items():
            stack.enter_context(_replaced(torch.cuda, name, function))
        if hasattr(fake_tensor, "init_gpu_context"):
            # Up to torch 2.11 the first fake tensor on a device starts the device.
            stack.enter_context(_replaced(fake_tensor, "init_gpu_context", constant(None)))
        for name, answer in _RUNTIME.items():
            stack.enter_context(_replaced(torch._C, name, constant(answer)))
        stack.enter_context(_replaced(driver, "_active", SimulatedDriver(capability)))
        for name, function in functions.items():
            # Dynamo's view of the device keeps the functions that it found when it was imported.
            if name in vars(device_interface.CudaInterface):
                stack.enter_context(_replaced(device_interface.CudaInterface, name, staticmethod(function)))
        for name in ("caching_worker_device_properties", "caching_worker_current_devices"):
            stack.enter_context(_replaced(device_interface, name, {}))
        yield


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    missing = object()
    before = vars(owner).get(name, missing)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is missing:
            delattr(owner, name)
        else:
            setattr(owner, name, before)
