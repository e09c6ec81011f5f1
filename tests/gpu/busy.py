"""How busy the GPUs are by the driver's own counters (NVML): the share of the time in which a kernel runs."""

from __future__ import annotations

import ctypes
import statistics
import threading
from types import TracebackType

_EVERY_S = 0.25


class _Utilization(ctypes.Structure):
    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


class Busy:
    """Samples all GPUs inside ``with``; :meth:`share` is None where there is no NVML."""

    def __init__(self) -> None:
        self._samples: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Busy:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def share(self) -> float | None:
        """The mean share over all GPUs and samples."""
        return statistics.fmean(self._samples) if self._samples else None

    def _sample(self) -> None:
        try:
            library = ctypes.CDLL("libnvidia-ml.so.1")
        except OSError:
            return
        count = ctypes.c_uint()
        if library.nvmlInit_v2() != 0 or library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
            return
        devices = [ctypes.c_void_p() for _ in range(count.value)]
        for number, device in enumerate(devices):
            library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(number), ctypes.byref(device))
        while not self._over.wait(_EVERY_S):
            for device in devices:
                utilization = _Utilization()
                if library.nvmlDeviceGetUtilizationRates(device, ctypes.byref(utilization)) == 0:
                    self._samples.append(utilization.gpu / 100)
        library.nvmlShutdown()
