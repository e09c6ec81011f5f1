"""Memory that two processes share: one arena for each message that carries tensors.

An arena belongs to one message and to one direction. The sender copies whole storages into it, the receiver
copies them out and lets it go, so no process ever works on memory that another can see, and an arena with
inputs never holds an expected output. On the CPU an arena is a sealed memfd; on a GPU it is an allocation of
its own, because a CUDA IPC handle opens the whole block that an address lies in (CUDA C++ programming guide,
"Interprocess communication").
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import warnings
from time import monotonic, sleep
from typing import Any, Protocol

import torch

# Bound before any code of a pair is loaded, which may replace them in torch's namespace.
_frombuffer = torch.frombuffer
_as_tensor = torch.as_tensor

_GRANULARITY = 2 << 20
_BUSY_S = 5.0
_BUSY_EVERY_S = 0.005


class Arena(Protocol):
    """Shared memory as its sender sees it."""

    bytes: torch.Tensor
    """The memory, as a one-dimensional uint8 tensor."""

    def handle(self) -> tuple[dict[str, Any], list[int]]:
        """What the receiver needs: JSON, and descriptors to send along."""
        ...

    def close(self) -> None:
        """Gives the memory up. The receiver must have copied it by then."""
        ...


class MemoryFileArena:
    """An arena in a memfd, sealed against every further change once it is handed over."""

    def __init__(self, size: int) -> None:
        self._descriptor = os.memfd_create("fusewright", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self._size = max(size, 1)
        os.ftruncate(self._descriptor, self._size)
        self._map = mmap.mmap(self._descriptor, self._size)
        self.bytes = _frombuffer(self._map, dtype=torch.uint8)

    def handle(self) -> tuple[dict[str, Any], list[int]]:
        """Seals the memory, after which ``bytes`` is gone, and names it."""
        del self.bytes
        self._map.close()
        _seal(self._descriptor)
        return {"kind": "memfd", "bytes": self._size}, [self._descriptor]

    def close(self) -> None:
        """Closes the descriptor; a receiver that mapped the memory keeps its mapping."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _seal(descriptor: int) -> None:
    """Seals a memfd for good. Raises ``OSError`` where the kernel refuses for longer than it may be busy.

    The kernel refuses while anyone holds one of the pages, itself too when it moves or reclaims them.
    """
    seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
    begun = monotonic()
    while True:
        try:
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
            return
        except OSError as error:
            if error.errno != errno.EBUSY or monotonic() - begun > _BUSY_S:
                raise
        sleep(_BUSY_EVERY_S)


class CudaArena:
    """An arena in an allocation of its own on the current GPU, shared by a CUDA IPC handle."""

    def __init__(self, size: int) -> None:
        self._size = -(-max(size, 1) // _GRANULARITY) * _GRANULARITY
        self._pointer = _allocate(self._size)
        self.bytes = _cuda_bytes(self._pointer, self._size)

    def handle(self) -> tuple[dict[str, Any], list[int]]:
        """Waits until the copies into it are done, and names it."""
        torch.cuda.synchronize()
        return {"kind": "cuda", "bytes": self._size, "handle": _driver().export(self._pointer).hex()}, []

    def close(self) -> None:
        """Frees the allocation."""
        if self._pointer:
            del self.bytes
            _driver().free(self._pointer)
            self._pointer = 0


def _allocate(size: int) -> int:
    try:
        return _driver().allocate(size)
    except DriverOutOfMemory:
        # What torch keeps for later is free memory to everybody else.
        torch.cuda.empty_cache()
        return _driver().allocate(size)


def new_arena(device: torch.device, size: int) -> Arena:
    """An arena of at least ``size`` bytes on ``device``."""
    return CudaArena(size) if device.type == "cuda" else MemoryFileArena(size)


class OpenedArena:
    """An arena as its receiver sees it: read it inside ``with``, copy what is needed, and let it go.

    Raises ``ValueError`` where the handle is none, is not sealed, or is smaller than it says.
    """

    def __init__(self, handle: dict[str, Any], descriptors: list[int]) -> None:
        self.size = handle.get("bytes")
        if not isinstance(self.size, int) or not 0 < self.size < 1 << 48:
            raise ValueError("shared memory without a size")
        self._pointer = 0
        self._map: mmap.mmap | None = None
        if handle.get("kind") == "memfd" and len(descriptors) == 1:
            self._map = _map_sealed(descriptors[0], self.size)
            with warnings.catch_warnings():
                # The mapping is read-only, which torch warns of; nothing here writes to it.
                warnings.simplefilter("ignore")
                self.bytes = _frombuffer(self._map, dtype=torch.uint8)
        elif handle.get("kind") == "cuda":
            raw = bytes.fromhex(str(handle.get("handle")))
            if len(raw) != _HANDLE_BYTES:
                raise ValueError("a CUDA IPC handle of the wrong length")
            # The driver works in the calling thread's context, which torch makes current on first use.
            torch.cuda.synchronize()
            self._pointer = _driver().open(raw)
            self.bytes = _cuda_bytes(self._pointer, self.size)
        else:
            raise ValueError("shared memory of an unknown kind")

    def __enter__(self) -> OpenedArena:
        return self

    def __exit__(self, *_exception: object) -> None:
        del self.bytes
        if self._map is not None:
            self._map.close()
        if self._pointer:
            torch.cuda.synchronize()
            _driver().close(self._pointer)


def _map_sealed(descriptor: int, size: int) -> mmap.mmap:
    wanted = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_WRITE
    if fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & wanted != wanted:
        raise ValueError("shared memory that its sender could still change")
    if os.fstat(descriptor).st_size < size:
        raise ValueError("shared memory smaller than it says")
    return mmap.mmap(descriptor, size, prot=mmap.PROT_READ)


class _CudaBytes:
    """Device memory for ``torch.as_tensor``, by the CUDA array interface, version 3."""

    def __init__(self, pointer: int, size: int) -> None:
        self.__cuda_array_interface__ = {
            "shape": (size,),
            "typestr": "|u1",
            "data": (pointer, False),
            "version": 3,
            "stream": None,
        }


def _cuda_bytes(pointer: int, size: int) -> torch.Tensor:
    return _as_tensor(_CudaBytes(pointer, size), device=torch.device("cuda", torch.cuda.current_device()))


_HANDLE_BYTES = 64
_OUT_OF_MEMORY = 2


class _IpcHandle(ctypes.Structure):
    _fields_ = [("reserved", ctypes.c_byte * _HANDLE_BYTES)]


class DriverOutOfMemory(RuntimeError):
    """The GPU has no room for an arena."""


class _Driver:
    """The few calls of the CUDA driver that torch does not offer, in the current context."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libcuda.so.1")

    def allocate(self, size: int) -> int:
        pointer = ctypes.c_uint64()
        self._check("cuMemAlloc_v2", ctypes.byref(pointer), ctypes.c_size_t(size))
        return pointer.value

    def free(self, pointer: int) -> None:
        self._check("cuMemFree_v2", ctypes.c_uint64(pointer))

    def export(self, pointer: int) -> bytes:
        handle = _IpcHandle()
        self._check("cuIpcGetMemHandle", ctypes.byref(handle), ctypes.c_uint64(pointer))
        return bytes(handle)

    def open(self, raw: bytes) -> int:
        pointer = ctypes.c_uint64()
        # The flag enables peer access lazily; the driver takes no other value.
        handle = _IpcHandle.from_buffer_copy(raw)
        self._check("cuIpcOpenMemHandle_v2", ctypes.byref(pointer), handle, ctypes.c_uint(1))
        return pointer.value

    def close(self, pointer: int) -> None:
        self._check("cuIpcCloseMemHandle", ctypes.c_uint64(pointer))

    def _check(self, name: str, *arguments: Any) -> None:
        status = getattr(self._library, name)(*arguments)
        if status == _OUT_OF_MEMORY:
            raise DriverOutOfMemory(f"the CUDA driver refused {name}: out of memory")
        if status != 0:
            text = ctypes.c_char_p()
            self._library.cuGetErrorName(status, ctypes.byref(text))
            code = text.value.decode() if text.value else str(status)
            raise RuntimeError(f"the CUDA driver refused {name}: {code}")


_loaded_driver: _Driver | None = None


def _driver() -> _Driver:
    # Loaded on first use and never at import: a zygote must not touch libcuda.
    global _loaded_driver
    if _loaded_driver is None:
        _loaded_driver = _Driver()
    return _loaded_driver
