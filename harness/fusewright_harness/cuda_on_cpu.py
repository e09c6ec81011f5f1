"""Code that was written for ``cuda``, run on the CPU.

While `cuda_on_cpu` is entered, ``cuda`` means the CPU, and the pretence is kept up where code looks: tensors say that
they live on ``cuda:0``, ``torch.cuda`` answers as a card would. Everything is undone on the way out.

Two limits: another thread sees the CPU as it is (torch's function modes belong to a thread), and since every tensor
claims to be on ``cuda:0``, an operation that would fail because one operand was left on the CPU does not fail.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from fusewright_harness.simulated_cuda import (
    DEVICE,
    Nothing,
    accelerator_functions,
    constant,
    cuda_functions,
    properties_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CPU = torch.device("cpu")
_MISSING = object()
_get_device = torch.Tensor.device.__get__
_get_is_cuda = torch.Tensor.is_cuda.__get__
_get_is_cpu = torch.Tensor.is_cpu.__get__


def _names_cuda(value: Any) -> bool:
    if isinstance(value, torch.device):
        return value.type == "cuda"
    return isinstance(value, str) and (value == "cuda" or value.startswith("cuda:"))


def _translate(value: Any) -> Any:
    """``value`` with a CUDA device, or a CUDA tensor type's name, replaced by the CPU's."""
    if _names_cuda(value):
        return _CPU
    if isinstance(value, str) and value.startswith("torch.cuda."):
        return "torch." + value.removeprefix("torch.cuda.")
    return value


def _is_ordinal(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class _CudaMeansCpu(TorchFunctionMode):
    """Sees every call of a torch function, method or property."""

    def __torch_function__(
        self, function: Callable[..., Any], _types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        answer = self._pretend(function, args, kwargs)
        if answer is not _MISSING:
            return answer
        if kwargs:
            kwargs = self._translate_keywords(kwargs)
        if function is torch.device and len(args) == 1 and _is_ordinal(args[0]):
            # Up to torch 2.6 a bare number asks for an accelerator that is there.
            return torch.device("cuda", args[0])
        if function is torch.Tensor.to and len(args) > 1 and _is_ordinal(args[1]):
            args = (args[0], _CPU, *args[2:])
        elif function is not torch.device:
            args = tuple(_translate(argument) for argument in args)
        return function(*args, **kwargs)

    @staticmethod
    def _pretend(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        # The mode is off in here, so that these are the tensor's true whereabouts.
        if function == _get_is_cuda:
            return args[0].device.type in ("cpu", "cuda")
        if function == _get_is_cpu:
            return False
        if function == _get_device:
            real = function(*args)
            return DEVICE if real.type == "cpu" else real
        if function is torch.Tensor.get_device:
            return 0
        if function is torch.Tensor.cuda:
            return args[0]
        if function is torch.Tensor.cpu or (function is torch.Tensor.to and _moves_to_cpu(args, kwargs)):
            # On a GPU this is a copy: what is then done to it must not reach the tensor it came from.
            moved = function(*args, **kwargs)
            return moved.clone() if moved is args[0] else moved
        if function is torch.Tensor.pin_memory:
            return args[0]
        if function is torch.Tensor.is_pinned:
            return False
        if function is torch._cudnn_rnn_flatten_weight:
            # What `nn.LSTM` and its kin ask for when they are made; it only moves their weights together.
            return None
        if function is torch.Tensor.type and len(args) == 1 and not kwargs:
            name = function(*args)
            # Where this is entered twice the outer one has already answered.
            return name if name.startswith("torch.cuda.") else name.replace("torch.", "torch.cuda.", 1)
        return _MISSING

    @staticmethod
    def _translate_keywords(kwargs: dict[str, Any]) -> dict[str, Any]:
        translated = dict(kwargs)
        if "device" in kwargs:
            device = kwargs["device"]
            translated["device"] = _CPU if _is_ordinal(device) else _translate(device)
        if kwargs.get("pin_memory"):
            translated["pin_memory"] = False
        if kwargs.get("device_type") == "cuda":
            translated["device_type"] = "cpu"
        for name in ("dtype", "map_location", "tensor"):
            if name in kwargs:
                translated[name] = _translate(kwargs[name])
        return translated


def _moves_to_cpu(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    target = args[1] if len(args) > 1 else kwargs.get("device")
    if isinstance(target, torch.device):
        return target.type == "cpu"
    return isinstance(target, str) and target == "cpu"


class _Patches:
    """Attributes replaced, to be put back in the reverse order."""

    def __init__(self) -> None:
        self._saved: list[tuple[Any, str, Any]] = []

    def put(self, owner: Any, name: str, value: Any) -> None:
        self._saved.append((owner, name, owner.__dict__.get(name, _MISSING)))
        setattr(owner, name, value)

    def undo(self) -> None:
        while self._saved:
            owner, name, value = self._saved.pop()
            if value is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


def _generator_class() -> Any:
    real = torch.Generator

    class Meta(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, real)

        def __call__(cls, device: Any = "cpu") -> Any:
            return real(device=_CPU if _is_ordinal(device) else _translate(device))

    return Meta("Generator", (), {})


def _autocast_class() -> Any:
    real = torch.autocast

    class Autocast(real):
        def __init__(
            self,
            device_type: str = "cuda",
            dtype: Any = None,
            enabled: bool = True,
            cache_enabled: Any = None,
        ) -> None:
            if device_type == "cuda":
                # The CPU's autocast would choose bfloat16.
                device_type, dtype = "cpu", dtype or torch.float16
            super().__init__(device_type, dtype=dtype, enabled=enabled, cache_enabled=cache_enabled)

    class CudaAutocast(Autocast):
        def __init__(
            self, enabled: bool = True, dtype: Any = torch.float16, cache_enabled: bool = True
        ) -> None:
            super().__init__("cuda", dtype=dtype, enabled=enabled, cache_enabled=cache_enabled)

    return Autocast, CudaAutocast


def _patch_torch(patches: _Patches) -> None:
    patches.put(torch, "Generator", _generator_class())
    autocast, cuda_autocast = _autocast_class()
    patches.put(torch, "autocast", autocast)
    patches.put(torch.amp, "autocast", autocast)
    patches.put(torch.cuda.amp, "autocast", cuda_autocast)
    real_scaler = torch.amp.GradScaler
    # On the CPU there is no overflow of gradients to guard against in the interpreter's float32.
    scaler = lambda *_args, **_kwargs: real_scaler("cpu", enabled=False)  # noqa: E731
    patches.put(torch.amp, "GradScaler", scaler)
    patches.put(torch.cuda.amp, "GradScaler", scaler)
    _patch_defaults(patches)
    real_load = torch.load

    def load(*args: Any, **kwargs: Any) -> Any:
        kwargs["map_location"] = _CPU
        return real_load(*args[:1], **kwargs)

    patches.put(torch, "load", load)

    def compile_nothing(model: Any = None, **_options: Any) -> Any:
        return model if model is not None else lambda function: function

    patches.put(torch, "compile", compile_nothing)


def _reset_default_device(set_default_device: Callable[[Any], None]) -> None:
    set_default_device(None)
    # Up to torch 2.8 `get_default_device` looks into the mode that is no longer there.
    context = getattr(torch, "_GLOBAL_DEVICE_CONTEXT", None)
    if getattr(context, "device_context", _MISSING) is None:
        del context.device_context


def _patch_defaults(patches: _Patches) -> None:
    real_set, real_get, real_type = (
        torch.set_default_device,
        torch.get_default_device,
        torch.set_default_tensor_type,
    )
    declared: list[torch.device | None] = [None]

    def set_default_device(device: Any) -> None:
        cuda = _names_cuda(device) or _is_ordinal(device)
        declared[0] = DEVICE if cuda else None if device is None else torch.device(device)
        # A default device is a mode of its own below this one, which nothing would translate.
        if cuda or device is None:
            _reset_default_device(real_set)
        else:
            real_set(device)

    def get_default_device() -> torch.device:
        return declared[0] or real_get()

    def set_default_tensor_type(kind: Any) -> None:
        real_type(_translate(kind))

    patches.put(torch, "set_default_device", set_default_device)
    patches.put(torch, "get_default_device", get_default_device)
    patches.put(torch, "set_default_tensor_type", set_default_tensor_type)


@contextlib.contextmanager
def cuda_on_cpu(
    name: str = "CPU standing in for a CUDA device",
    capability: tuple[int, int] = (9, 0),
    *,
    multiprocessors: int = 132,
    memory_bytes: int = 80 << 30,
    shared_bytes: int = 232448,
) -> Iterator[None]:
    """Let ``cuda`` in this thread mean the CPU, on a device that calls itself ``name``.

    Other patches of torch may be made before or inside and are left as they were found. The default device and the
    default dtype that code sets while this is entered are put back.
    """
    patches = _Patches()
    default_dtype = torch.get_default_dtype()
    real_set_default_device = torch.set_default_device
    properties = properties_of(name, capability, multiprocessors, memory_bytes, shared_bytes)
    try:
        for function, replacement in cuda_functions(properties).items():
            patches.put(torch.cuda, function, replacement)
        for function in ("range_push", "range_pop", "mark"):
            patches.put(torch.cuda.nvtx, function, constant(0))
        patches.put(torch.cuda.nvtx, "range", Nothing)
        if hasattr(torch, "accelerator"):
            for function, replacement in accelerator_functions().items():
                patches.put(torch.accelerator, function, replacement)
        _patch_torch(patches)
        with _CudaMeansCpu():
            yield
    finally:
        patches.undo()
        _reset_default_device(real_set_default_device)
        torch.set_default_dtype(default_dtype)
