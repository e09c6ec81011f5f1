"""Values with tensors on their way from one process to another.

``send_value`` copies every storage of a value into one arena and describes the views; ``receive_value`` copies
the storages out again. Tensors that shared a storage share one again on the other side, with the same offsets,
sizes and strides.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import torch

from fusewright_harness.arenas import Arena, OpenedArena, new_arena
from fusewright_harness.values import DTYPES, put_together, take_apart, view_fits

_ALIGNMENT = 512
_empty = torch.empty

without_modes = torch._C.DisableTorchFunction
"""Runs torch without the function modes that a worker may have set up for the pair's code."""


@dataclass
class Sent:
    """A value that was handed over; ``arena`` must live until the receiver has answered."""

    message: dict[str, Any]
    descriptors: list[int]
    arena: Arena | None

    def close(self) -> None:
        """Gives the shared memory up."""
        if self.arena is not None:
            self.arena.close()
            self.arena = None


def send_value(value: Any) -> Sent:
    """Copies ``value`` into shared memory on the device that its tensors are on.

    Raises :class:`fusewright_harness.values.Untransferable`.
    """
    with without_modes(), torch.no_grad():
        tree, tensors = take_apart(value)
        message: dict[str, Any] = {"tree": tree, "tensors": [], "storages": []}
        if not tensors:
            return Sent(message, [], None)
        device = next((t.device for t in tensors if t.device.type == "cuda"), tensors[0].device)
        starts: dict[tuple[str, int], int] = {}
        storages: list[torch.Tensor] = []
        position = 0
        for tensor in tensors:
            storage = tensor.untyped_storage()
            key = (str(tensor.device), storage.data_ptr() if storage.nbytes() else -len(starts) - 1)
            if key not in starts:
                starts[key] = len(storages)
                message["storages"].append({"start": position, "bytes": storage.nbytes()})
                position += -(-storage.nbytes() // _ALIGNMENT) * _ALIGNMENT
                storages.append(_bytes_of(tensor))
            message["tensors"].append(
                {
                    "storage": starts[key],
                    "dtype": str(tensor.dtype).removeprefix("torch."),
                    "shape": list(tensor.shape),
                    "stride": list(tensor.stride()),
                    "offset": tensor.storage_offset(),
                    "device": tensor.device.type,
                    "requires_grad": tensor.requires_grad,
                }
            )
        arena = new_arena(device, position)
        for described, storage in zip(message["storages"], storages, strict=True):
            if described["bytes"]:
                start = described["start"]
                arena.bytes[start : start + described["bytes"]].copy_(storage)
        message["arena"], descriptors = arena.handle()
        return Sent(message, descriptors, arena)


def receive_value(message: dict[str, Any], descriptors: list[int]) -> Any:
    """The value that was sent, in memory of this process. The descriptors are closed.

    Raises ``ValueError`` for a message that is damaged: the sender may be a pair's own code.
    """
    try:
        with without_modes(), torch.no_grad():
            described = message.get("tensors")
            if not isinstance(described, list):
                raise ValueError("a value's description is damaged")
            if not described:
                return put_together(message.get("tree"), [])
            with OpenedArena(message.get("arena") or {}, descriptors) as arena:
                storages = [_copy_storage(part, arena) for part in message.get("storages", [])]
            return put_together(message.get("tree"), [_view(part, storages) for part in described])
    except (AttributeError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise ValueError(f"a value's description is damaged: {error}") from error
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def clone_value(value: Any) -> Any:
    """A copy of ``value`` in fresh memory: storages are copied whole, so aliasing and strides stay."""
    with without_modes(), torch.no_grad():
        tree, tensors = take_apart(value)
        copies: dict[tuple[str, int], torch.Tensor] = {}
        clones = []
        for tensor in tensors:
            storage = tensor.untyped_storage()
            key = (str(tensor.device), storage.data_ptr() if storage.nbytes() else -len(copies) - 1)
            if key not in copies:
                copies[key] = _bytes_of(tensor).clone()
            clones.append(_as_view(copies[key], tensor))
        return put_together(tree, clones)


def overwrite_value(old: Any, new: Any) -> Any:
    """Writes the contents of ``new`` into the memory of ``old`` and returns ``old``: same objects, other contents.

    Tensors' versions stay as they were. None where the two differ in layout.
    """
    with without_modes(), torch.no_grad():
        old_tree, olds = take_apart(old)
        new_tree, news = take_apart(new)
        if old_tree != new_tree:
            return None
        for left, right in zip(olds, news, strict=True):
            same = left.shape == right.shape and left.stride() == right.stride() and left.dtype == right.dtype
            sizes = left.untyped_storage().nbytes() == right.untyped_storage().nbytes()
            if not (same and sizes and left.storage_offset() == right.storage_offset()):
                return None
        for left, right in zip(olds, news, strict=True):
            if left.untyped_storage().nbytes():
                _bytes_of(left).copy_(_bytes_of(right))
        return old


def total_bytes(value: Any) -> int:
    """The bytes of all storages in ``value``, each counted once."""
    with without_modes():
        _tree, tensors = take_apart(value)
        return sum({t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}.values())


def _bytes_of(tensor: torch.Tensor) -> torch.Tensor:
    storage = tensor.untyped_storage()
    return _empty(0, dtype=torch.uint8, device=tensor.device).set_(storage, 0, (storage.nbytes(),), (1,))


def _as_view(raw: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    view = _empty(0, dtype=like.dtype, device=raw.device)
    view.set_(raw.untyped_storage(), like.storage_offset(), like.shape, like.stride())
    return view.requires_grad_(like.requires_grad)


def _copy_storage(part: dict[str, Any], arena: OpenedArena) -> torch.Tensor:
    start, size = part["start"], part["bytes"]
    if not (
        isinstance(start, int) and isinstance(size, int) and start >= 0 and 0 <= size <= arena.size - start
    ):
        raise ValueError("a storage lies outside its arena")
    return arena.bytes[start : start + size].clone()


def _view(part: dict[str, Any], storages: list[torch.Tensor]) -> torch.Tensor:
    dtype = DTYPES[part["dtype"]]
    index = part["storage"]
    if not isinstance(index, int) or index < 0:
        raise ValueError("a tensor without a storage")
    raw = storages[index]
    shape, stride, offset = part["shape"], part["stride"], part["offset"]
    if not all(isinstance(number, int) for number in [*shape, *stride, offset]):
        raise ValueError("a tensor's sizes are no whole numbers")
    if not view_fits(shape, stride, offset, raw.numel() // dtype.itemsize):
        raise ValueError("a tensor reaches outside its storage")
    if part.get("device") == "cpu" and raw.device.type != "cpu":
        raw = raw.cpu()
    view = _empty(0, dtype=dtype, device=raw.device).set_(raw.untyped_storage(), offset, shape, stride)
    return view.requires_grad_(
        bool(part.get("requires_grad")) and (dtype.is_floating_point or dtype.is_complex)
    )
