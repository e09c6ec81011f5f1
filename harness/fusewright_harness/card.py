"""What a card can do at most: bytes and operations a second, from its properties.

Operations a multiprocessor does in a clock cycle, dense, are from NVIDIA's architecture white papers and the CUDA C++
programming guide's table of arithmetic throughput.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import torch

_CLOCK, _MEMORY_CLOCK, _BUS_WIDTH = 13, 36, 37
"""Attributes of ``cuDeviceGetAttribute``: kHz, kHz, bits."""

_TENSOR_CORE_16 = {70: 1024, 72: 1024, 75: 1024, 80: 2048, 86: 1024, 87: 2048, 89: 1024, 90: 4096}
_TENSOR_CORE_16_NEWER = {10: 8192, 11: 4096, 12: 1024}
_FLOAT32 = {70: 128, 72: 128, 75: 128, 80: 128}
_FLOAT64 = {70: 64, 80: 128, 90: 256, 100: 256, 103: 4}


PLAIN_FLOAT32 = "float32 without tensor cores"


@dataclass(frozen=True)
class Card:
    """The most that a card does in a second: bytes to and from its memory, and operations by dtype."""

    bytes_per_s: float
    operations_per_s: dict[str, float]
    l2_bytes: int

    def least_ms(self, moved_bytes: int, operations: dict[str, int]) -> float:
        """The milliseconds below which nothing moves so much and computes so much."""
        computing = sum(
            count / self.operations_per_s.get(dtype, self.operations_per_s["float32"])
            for dtype, count in operations.items()
        )
        return max(moved_bytes / self.bytes_per_s, computing) * 1e3


def present_card() -> Card | None:
    """The current device's card, or None where its driver does not tell its clocks."""
    number = torch.cuda.current_device()
    properties = torch.cuda.get_device_properties(number)
    driver = ctypes.CDLL("libcuda.so.1")

    def attribute(which: int) -> int:
        value = ctypes.c_int()
        status = driver.cuDeviceGetAttribute(ctypes.byref(value), ctypes.c_int(which), ctypes.c_int(number))
        return value.value if status == 0 else 0

    return card_of(
        (properties.major, properties.minor),
        properties.multi_processor_count,
        attribute(_CLOCK),
        attribute(_MEMORY_CLOCK),
        attribute(_BUS_WIDTH),
        properties.L2_cache_size,
    )


def card_of(
    capability: tuple[int, int],
    multiprocessors: int,
    clock_khz: int,
    memory_khz: int,
    bus_bits: int,
    l2_bytes: int,
) -> Card | None:
    """The card with these properties; memory moves two words a clock."""
    if clock_khz <= 0 or memory_khz <= 0 or bus_bits <= 0:
        return None
    number = 10 * capability[0] + capability[1]
    half = _TENSOR_CORE_16.get(number) or _TENSOR_CORE_16_NEWER.get(capability[0], 8192)
    cycles = multiprocessors * clock_khz * 1e3
    has_tf32, has_float8 = number >= 80, number >= 89
    per_cycle = {
        "float16": half,
        "bfloat16": half if number >= 80 else _FLOAT32.get(number, 256),
        # Products of float32 may take the tensor cores' TF32, half as fast as 16 bits.
        "float32": half / 2 if has_tf32 else _FLOAT32.get(number, 256),
        PLAIN_FLOAT32: _FLOAT32.get(number, 256),
        "float64": _FLOAT64.get(number, 4),
        "int8": 2 * half,
        "float8_e4m3fn": (2 if has_float8 else 1) * half,
        "float8_e5m2": (2 if has_float8 else 1) * half,
    }
    operations = {dtype: count * cycles for dtype, count in per_cycle.items()}
    return Card(2 * memory_khz * 1e3 * bus_bits / 8, operations, l2_bytes)
