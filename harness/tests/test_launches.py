"""Launches as they are seen from the candidate's process, on stand-ins for Triton's classes."""

from __future__ import annotations

from types import SimpleNamespace

from fusewright_harness.launches import LaunchWatch


class StandInKernel:
    """A compiled kernel that counts how often its code was loaded."""

    def __init__(self, broken: bool = False) -> None:
        self.module: object | None = object()
        self.loads = 1
        self.broken = broken

    def _init_handles(self) -> None:
        if self.module is None and not self.broken:
            self.module = object()
            self.loads += 1
        elif self.broken:
            raise RuntimeError("no room")


def softmax() -> None:
    """Stands in for a kernel's Python function."""


class StandInJit:
    """A jitted function whose launch gives the kernel it was made with."""

    def __init__(self, kernel: StandInKernel | None) -> None:
        self.kernel = kernel
        self.fn = softmax

    def run(self, *_args: object, **_kwargs: object) -> StandInKernel | None:
        return self.kernel


def watched(*calls: list[StandInKernel | None]) -> LaunchWatch:
    watch = LaunchWatch(interpreted=False)
    owner = type("Jit", (StandInJit,), {"run": StandInJit.run})
    watch._hook_run(owner)
    for call in calls:
        with watch.one_call() as launches:
            for kernel in call:
                owner(kernel).run()
        assert launches.kernels()[0]["launches"] == len(call)
    return watch


def test_the_kernels_of_the_last_call_are_loaded_elsewhere_each_time():
    earlier, once, twice = StandInKernel(), StandInKernel(), StandInKernel()
    watch = watched([earlier, once], [once, twice, twice])
    watch.load_elsewhere()
    watch.load_elsewhere()
    assert [kernel.loads for kernel in (earlier, once, twice)] == [1, 3, 3]
    assert once.module is not None


def test_a_kernel_that_cannot_be_loaded_again_is_left_to_its_next_launch():
    broken, fine = StandInKernel(broken=True), StandInKernel()
    watched([broken, fine, None]).load_elsewhere()
    assert broken.module is None
    assert fine.loads == 2


def test_what_is_no_kernel_of_this_version_is_left_alone():
    other = SimpleNamespace(module=7)
    watched([other]).load_elsewhere()
    assert other.module == 7
