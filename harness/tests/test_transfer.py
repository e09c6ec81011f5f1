"""Values with tensors, handed from one process's memory to another's."""

from __future__ import annotations

import copy
import os
import random

import pytest
import torch

from fusewright_harness.transfer import clone_value, receive_value, send_value, total_bytes


def pass_on(value):
    sent = send_value(value)
    received = receive_value(sent.message, [os.dup(descriptor) for descriptor in sent.descriptors])
    sent.close()
    return received


@pytest.mark.parametrize(
    "dtype",
    ["float32", "float16", "bfloat16", "float64", "float8_e4m3fn", "int8", "int64", "bool", "complex64"],
)
def test_every_bit_arrives(dtype):
    dtype = getattr(torch, dtype)
    raw = torch.randint(0, 256, (12, 16), dtype=torch.uint8)
    tensor = raw.view(dtype) if dtype is not torch.bool else raw > 127
    received = pass_on(tensor)
    assert received.dtype is dtype
    assert received.shape == tensor.shape
    assert torch.equal(received.view(torch.uint8), tensor.view(torch.uint8))


def test_views_of_one_storage_stay_views_of_one_storage():
    base = torch.arange(20.0).reshape(4, 5)
    first, second, third = pass_on((base, base.t()[1:], torch.arange(3)))
    assert torch.equal(second, base.t()[1:])
    assert second.stride() == (1, 5)
    assert first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr()
    assert third.untyped_storage().data_ptr() != first.untyped_storage().data_ptr()


def test_empty_tensors_and_gradients_flags_arrive():
    empty, wanted = pass_on([torch.empty(0, 3), torch.ones(2, requires_grad=True)])
    assert empty.shape == (0, 3)
    assert wanted.requires_grad


def test_a_received_value_is_memory_of_its_own():
    tensor = torch.zeros(4)
    received = pass_on(tensor)
    received += 1
    assert torch.equal(tensor, torch.zeros(4))


def test_clones_share_nothing_with_the_original_but_their_strides():
    base = torch.arange(6.0).reshape(2, 3)
    clone, view = clone_value((base, base[:, 1:]))
    clone[0, 1] = 100
    assert view[0, 0] == 100
    assert base[0, 1] == 1
    assert view.stride() == (3, 1)


def test_bytes_of_shared_storages_count_once():
    base = torch.zeros(8)
    assert total_bytes((base, base[2:], torch.zeros(2, dtype=torch.int8))) == 34


def test_a_damaged_message_is_a_value_error_and_nothing_else():
    draw = random.Random(5)
    sent = send_value((torch.ones(4, 4), {"a": torch.zeros(3, dtype=torch.int32)}))
    refused = 0
    for _ in range(300):
        message = copy.deepcopy(sent.message)
        _damage(message, draw)
        try:
            receive_value(message, [os.dup(descriptor) for descriptor in sent.descriptors])
        except ValueError:
            refused += 1
    sent.close()
    assert refused > 100


def _damage(node, draw):
    """Replaces one number, text or list somewhere in ``node`` by something else."""
    places = []

    def walk(part):
        items = part.items() if isinstance(part, dict) else enumerate(part)
        for key, value in list(items):
            places.append((part, key))
            if isinstance(value, (dict, list)):
                walk(value)

    walk(node)
    holder, key = draw.choice(places)
    holder[key] = draw.choice([None, -1, 1 << 40, "x", [], {}, 7.5, [1 << 70]])


def test_memory_that_its_sender_could_still_change_is_refused():
    sent = send_value(torch.ones(4))
    descriptor = os.memfd_create("open", os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, 4096)
    with pytest.raises(ValueError, match="could still change"):
        receive_value(sent.message, [descriptor])
    sent.close()
