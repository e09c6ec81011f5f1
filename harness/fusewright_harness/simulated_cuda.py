"""A CUDA device that is not there: what ``torch.cuda`` and ``torch.accelerator`` answer in its place."""

from __future__ import annotations

import time
import types
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

DEVICE = torch.device("cuda", 0)
_TENSOR_TYPES = [
    "FloatTensor",
    "DoubleTensor",
    "HalfTensor",
    "BFloat16Tensor",
    "LongTensor",
    "IntTensor",
    "ShortTensor",
    "CharTensor",
    "BoolTensor",
    "ByteTensor",
]


class Event:
    """A CUDA event that keeps the host's time."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        self._time: float | None = None

    def record(self, _stream: Any = None) -> None:
        self._time = time.perf_counter()

    def synchronize(self) -> None: ...

    def wait(self, _stream: Any = None) -> None: ...

    def query(self) -> bool:
        return True

    def elapsed_time(self, end: Event) -> float:
        if self._time is None or end._time is None:
            raise RuntimeError("Both events must be recorded before calculating elapsed time.")
        return (end._time - self._time) * 1e3


class Stream:
    """A CUDA stream on which everything has already happened."""

    cuda_stream = 0
    stream_id = 0
    device = DEVICE
    device_index = 0

    def __init__(self, *_args: Any, **_kwargs: Any) -> None: ...

    def synchronize(self) -> None: ...

    def wait_stream(self, _stream: Any) -> None: ...

    def wait_event(self, _event: Any) -> None: ...

    def record_event(self, event: Event | None = None) -> Event:
        event = event or Event()
        event.record()
        return event

    def query(self) -> bool:
        return True

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_exception: object) -> None: ...


class Graph:
    """A CUDA graph: what it captures runs at once, and it cannot be replayed."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None: ...

    def replay(self) -> None:
        raise NotImplementedError("a CUDA graph cannot be replayed without a GPU")

    def reset(self) -> None: ...

    def pool(self) -> None: ...


class Nothing:
    """A context that does nothing, for ``torch.cuda.device(0)`` and the like."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None: ...

    def __enter__(self) -> Nothing:
        return self

    def __exit__(self, *_exception: object) -> None: ...


def constant(value: Any) -> Callable[..., Any]:
    """A function that takes anything and answers ``value``."""

    def answer(*_args: Any, **_kwargs: Any) -> Any:
        return value

    return answer


def properties_of(
    name: str, capability: tuple[int, int], multiprocessors: int, memory_bytes: int, shared_bytes: int
) -> types.SimpleNamespace:
    """The properties of a device, as ``torch.cuda.get_device_properties`` answers them; sizes in bytes."""
    return types.SimpleNamespace(
        name=name,
        major=capability[0],
        minor=capability[1],
        total_memory=memory_bytes,
        multi_processor_count=multiprocessors,
        warp_size=32,
        max_threads_per_block=1024,
        max_threads_per_multi_processor=2048,
        regs_per_multiprocessor=65536,
        shared_memory_per_block=49152,
        shared_memory_per_block_optin=shared_bytes,
        shared_memory_per_multiprocessor=shared_bytes + 1024,
        L2_cache_size=50 << 20,
        gcnArchName="",
        is_integrated=0,
        is_multi_gpu_board=0,
    )


def _seed_function() -> Callable[[int], None]:
    seeding = False

    def seed_everything(seed: int) -> None:
        # torch.manual_seed seeds CUDA's generators too, which are none other than its own here. It is looked up at
        # the call: whoever replaces it means this too.
        nonlocal seeding
        if seeding:
            return
        seeding = True
        try:
            torch.manual_seed(seed)
        finally:
            seeding = False

    return seed_everything


def cuda_functions(properties: types.SimpleNamespace) -> dict[str, Any]:
    """What takes the place of the attributes of ``torch.cuda``, by name."""
    capability = (properties.major, properties.minor)
    memory = properties.total_memory
    seed_everything = _seed_function()
    nothing = [
        "set_device",
        "synchronize",
        "init",
        "empty_cache",
        "ipc_collect",
        "reset_peak_memory_stats",
        "reset_max_memory_allocated",
        "reset_accumulated_memory_stats",
        "set_stream",
        "_lazy_init",
    ]
    zero = [
        "current_device",
        "memory_allocated",
        "max_memory_allocated",
        "memory_reserved",
        "max_memory_reserved",
        "utilization",
    ]
    functions: dict[str, Any] = {name: constant(None) for name in nothing}
    functions.update({name: constant(0) for name in zero})
    functions.update(
        is_available=constant(True),
        is_initialized=constant(True),
        is_bf16_supported=constant(True),
        is_tf32_supported=constant(True),
        is_current_stream_capturing=constant(False),
        device_count=constant(1),
        get_device_name=constant(properties.name),
        get_device_capability=constant(capability),
        get_device_properties=constant(properties),
        get_arch_list=constant([f"sm_{capability[0]}{capability[1]}"]),
        mem_get_info=constant((memory, memory)),
        memory_stats=constant({}),
        memory_summary=constant(""),
        can_device_access_peer=constant(False),
        Event=Event,
        Stream=Stream,
        CUDAGraph=Graph,
        current_stream=lambda *_args: Stream(),
        default_stream=lambda *_args: Stream(),
        stream=Nothing,
        device=Nothing,
        device_of=Nothing,
        graph=Nothing,
        manual_seed=seed_everything,
        manual_seed_all=seed_everything,
        seed=lambda: seed_everything(torch.seed()),
        seed_all=lambda: seed_everything(torch.seed()),
        initial_seed=lambda: torch.initial_seed(),
        get_rng_state=lambda *_args, **_kwargs: torch.get_rng_state(),
        set_rng_state=lambda state, *_args, **_kwargs: torch.set_rng_state(state),
        get_rng_state_all=lambda: [torch.get_rng_state()],
        set_rng_state_all=lambda states: torch.set_rng_state(states[0]),
    )
    functions.update({name: getattr(torch, name) for name in _TENSOR_TYPES})
    return functions


def accelerator_functions() -> dict[str, Any]:
    """What takes the place of the attributes of ``torch.accelerator``, by name."""
    return {
        "is_available": constant(True),
        "device_count": constant(1),
        "current_accelerator": constant(torch.device("cuda")),
        "current_device_index": constant(0),
        "current_device_idx": constant(0),
        "set_device_index": constant(None),
        "set_device_idx": constant(None),
        "synchronize": constant(None),
        "current_stream": lambda *_args: Stream(),
    }
