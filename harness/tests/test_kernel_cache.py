"""What compiled kernels may outlive their worker, and for whom."""

from __future__ import annotations

import os

import pytest

from fusewright_harness import kernel_cache
from fusewright_harness.kernel_cache import KernelCache, block_key

VERSIONS = {"triton": "3.6.0", "torch": "2.11.0"}


@pytest.fixture
def cache(tmp_path):
    (tmp_path / "cache").mkdir()
    return KernelCache(str(tmp_path / "cache"))


def worker(tmp_path, name, **files):
    folder = tmp_path / name
    for path, text in files.items():
        (folder / "triton" / path).mkdir(parents=True)
        (folder / "triton" / path / "k.cubin").write_text(text)
    folder.mkdir(exist_ok=True)
    return folder


def test_the_same_block_gets_back_what_it_compiled_and_another_nothing(cache, tmp_path):
    mine, other = block_key("a", VERSIONS, "sm_90"), block_key("b", VERSIONS, "sm_90")
    cache.take(mine, str(worker(tmp_path, "first", AAA="compiled")))
    second, third = worker(tmp_path, "second"), worker(tmp_path, "third")
    cache.give(mine, str(second))
    cache.give(other, str(third))
    assert (second / "triton" / "AAA" / "k.cubin").read_text() == "compiled"
    assert not (third / "triton").exists()


def test_a_later_candidate_of_a_block_cannot_replace_what_is_there(cache, tmp_path):
    key = block_key("a", VERSIONS, "sm_90")
    cache.take(key, str(worker(tmp_path, "first", AAA="compiled")))
    cache.take(key, str(worker(tmp_path, "second", AAA="planted")))
    cache.give(key, str(worker(tmp_path, "third")))
    assert (tmp_path / "third" / "triton" / "AAA" / "k.cubin").read_text() == "compiled"


def test_a_key_tells_code_versions_and_cards_apart():
    keys = {
        block_key("a", VERSIONS, "sm_90"),
        block_key("a ", VERSIONS, "sm_90"),
        block_key("a", {**VERSIONS, "triton": "3.5.0"}, "sm_90"),
        block_key("a", VERSIONS, "sm_80"),
    }
    assert len(keys) == 4


@pytest.mark.parametrize("kind", ["link", "linked folder", "pipe", "huge", "deep"])
def test_what_is_no_plain_file_or_too_much_is_not_kept(cache, tmp_path, kind, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("key")
    folder = worker(tmp_path, "hostile", AAA="compiled")
    place = folder / "triton" / "AAA"
    if kind == "link":
        (place / "l").symlink_to(secret)
    elif kind == "linked folder":
        (place / "l").symlink_to(tmp_path)
    elif kind == "pipe":
        os.mkfifo(place / "p")
    elif kind == "huge":
        monkeypatch.setattr(kernel_cache, "_MOST_BYTES", 100)
        (place / "h").write_bytes(bytes(101))
    else:
        (place / "a" / "b" / "c" / "d").mkdir(parents=True)
    key = block_key("a", VERSIONS, "sm_90")
    cache.take(key, str(folder))
    cache.give(key, str(worker(tmp_path, "next")))
    assert not (tmp_path / "next" / "triton").exists()


def test_the_seed_is_planted_once(cache, tmp_path):
    cache.plant(str(worker(tmp_path, "first", AAA="stub")))
    cache.plant(str(worker(tmp_path, "second", AAA="other")))
    with open(os.path.join(cache.seed, "triton", "AAA", "k.cubin")) as file:
        assert file.read() == "stub"


def test_old_blocks_make_room(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_cache, "_MOST_BLOCKS", 2)
    for name in "abc":
        cache.take(name, str(worker(tmp_path, name, AAA=name)))
    cache.give("a", str(worker(tmp_path, "again")))
    cache.give("c", str(worker(tmp_path, "newest")))
    assert not (tmp_path / "again" / "triton").exists()
    assert (tmp_path / "newest" / "triton").exists()
