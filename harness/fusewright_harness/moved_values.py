"""A tensor's contents elsewhere, its shape and type kept: drawn, turned, scaled, shifted, laid out anew."""

from __future__ import annotations

from typing import Any

import torch

from fusewright_harness.call import map_tensors
from fusewright_harness.tensor_kinds import blanks, fixed, movable, twins
from fusewright_harness.transfer import without_modes
from fusewright_harness.values import take_apart


def moved(tensor: torch.Tensor, kind: str, by: float, spread: float = 0.0) -> torch.Tensor:
    """``tensor`` moved in the way that ``kind`` names, where its contents may be: ``by`` so much, or so many times.

    ``kind`` is ``drawn`` (a constant), ``negated`` (signs drawn, or angles), ``scaled`` or ``shifted``, the last with
    its deviations ``spread`` times as large.
    """
    with without_modes(), torch.no_grad():
        wanted, tensor = tensor.requires_grad, tensor.detach()
        if kind == "drawn" and fixed(tensor):
            tensor = drawn(tensor)
        elif tensor.is_complex() and kind == "negated":
            angle = torch.empty(tensor.shape, device=tensor.device, dtype=torch.float32).uniform_(-3.14, 3.14)
            tensor = tensor * torch.polar(torch.ones_like(angle), angle).to(tensor.dtype)
        elif movable(tensor):
            if kind == "negated":
                # Each on its own: signs that turn together may cancel.
                signs = (
                    torch.empty(tensor.shape, device=tensor.device, dtype=torch.float32)
                    .uniform_(-1, 1)
                    .sign()
                )
                tensor = tensor * signs.to(tensor.dtype)
            elif kind == "scaled":
                tensor = tensor * by
            elif kind == "shifted":
                tensor = tensor * max(1.0, spread) + by
        return tensor.requires_grad_(wanted)


def drawn(tensor: torch.Tensor) -> torch.Tensor:
    """Numbers around a constant: they stay on its side of zero, as a mask of ones or a variance has to."""
    if tensor.numel() == 1:
        if tensor.dtype is torch.bool:
            return ~tensor
        return torch.where(tensor == 0, torch.full_like(tensor, 0.4), tensor * 0.6)
    draw = torch.empty(tensor.shape, device=tensor.device, dtype=torch.float32).uniform_(-1, 1)
    if tensor.dtype is torch.bool:
        return (draw < 0.5) if bool(tensor.reshape(-1)[0]) else (draw > 0.5)
    first = float(tensor.reshape(-1)[0])
    if not abs(first) < float("inf"):
        return tensor
    return ((0.5 * draw) if first == 0 else first * (1 + 0.5 * draw)).to(tensor.dtype)


def unblanked(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor that leaves out elements with numbers about zero where it leaves none out."""
    with without_modes(), torch.no_grad():
        wanted, plain = tensor.requires_grad, tensor.detach()
        if blanks(plain):
            draw = torch.empty(plain.shape, device=plain.device, dtype=torch.float32).uniform_(-1, 1)
            plain = torch.where(plain == 0, draw.to(plain.dtype), plain)
        return plain.requires_grad_(wanted)


def parted(value: Any) -> Any:
    """``value`` with equal tensors made different: the later one's elements change places."""
    with without_modes(), torch.no_grad():
        later = twins([tensor.detach() for tensor in take_apart(value)[1]])
    number = iter(range(1 << 30))

    def part(tensor: torch.Tensor) -> torch.Tensor:
        with without_modes(), torch.no_grad():
            plain = tensor.detach()
            if next(number) in later:
                plain = plain.reshape(-1).roll(1).flip(0).reshape(plain.shape)
            return plain.clone().requires_grad_(tensor.requires_grad)

    return map_tensors(value, part)


def restrided(tensor: torch.Tensor) -> torch.Tensor:
    """The same contents with other strides: the last two dimensions change places, or every second element is taken."""
    with without_modes(), torch.no_grad():
        wanted, plain = tensor.requires_grad, tensor.detach()
        if plain.ndim >= 2:
            plain = plain.transpose(-1, -2).contiguous().transpose(-1, -2)
        elif plain.ndim == 1 and plain.numel() > 1:
            wide = torch.zeros(2 * plain.numel(), dtype=plain.dtype, device=plain.device)
            wide[::2].copy_(plain)
            plain = wide[::2]
        return plain.requires_grad_(wanted)
