"""The log of launches, and launches that do nothing."""

import inspect

import pytest
import torch
import triton
import triton.language as tl
from pair_module import line_with, load

from fusewright_harness.interpreter import upstream
from fusewright_harness.interpreter.bounds import OutOfBounds
from fusewright_harness.interpreter.launches import LaunchLog

_CODE = """
import triton
import triton.language as tl


@triton.autotune(
    configs=[triton.Config({"N": 8}), triton.Config({"N": 16})],
    key=[],
)
@triton.jit
def fill(
    out,
    value,
    N: tl.constexpr,
):
    tl.store(out + tl.program_id(0) * N + tl.arange(0, N), value)


@triton.jit
def other(out):
    tl.store(out, 5.0)
"""


def case_every_launch_is_recorded():
    module = load(_CODE, first_line=7, file="launches.py")
    out = torch.zeros(32)
    with LaunchLog() as log:
        module.fill[lambda meta: (2,)](out, 1.0)
        module.other[(1, 1)](out)
        module.fill[(4,)](out, 2.0)
    assert out[0] == 2
    first, second = log.kernels()
    assert (first.name, first.line, first.file) == ("fill", line_with(module, "def fill("), "launches.py")
    assert (first.launches, first.grid) == (2, (2, 1, 1))
    assert (second.name, second.launches, second.grid) == ("other", 1, (1, 1, 1))
    assert [launch.grid[0] for launch in log.launches] == [2, 1, 4]


def case_launches_can_be_replaced_with_nothing():
    module = load(_CODE, file="launches.py")
    out = torch.zeros(32)
    with LaunchLog(replace_with_nothing=True) as log:
        module.other[(1,)](out)
    assert not out.any()
    assert len(log.launches) == 1
    module.other[(1,)](out)
    assert out[0] == 5
    assert len(log.launches) == 1, "recorded after the end"


def case_logs_nest():
    module = load(_CODE, file="launches.py")
    out = torch.zeros(32)
    with LaunchLog() as outer, LaunchLog(replace_with_nothing=True) as inner:
        module.other[(1,)](out)
    assert len(outer.launches) == len(inner.launches) == 1
    assert not out.any()


def case_a_launch_that_fails_is_recorded():
    @triton.jit
    def kernel(out, N: tl.constexpr):
        tl.store(out + tl.arange(0, N), 1.0)

    with LaunchLog() as log, pytest.raises(OutOfBounds):
        kernel[(1,)](torch.zeros(1), 8)
    assert [launch.name for launch in log.launches] == ["kernel"]


_DECLARED = """
import triton
import triton.language as tl


@triton.jit
def declared(out, whole, number: tl.float64, large: tl.int64, text: "fp64"):
    tl.static_assert(large.dtype == tl.int64)
    tl.store(out, number)
    tl.store(out + 1, text)
    # In 32 bits the square would overflow.
    tl.store(out + 2, (large * large).to(tl.float64))
    tl.store(out + 3, whole)
"""


def case_a_number_has_the_type_that_its_parameter_declares():
    module = load(_DECLARED, file="declared.py")
    out = torch.zeros(4, dtype=torch.float64)
    module.declared[(1,)](out, 0.1, 0.1, 1 << 20, 0.1)
    exact = upstream.declared_type(inspect.signature(module.declared.fn).parameters["number"]) is not None
    rounded = float(torch.tensor(0.1))
    wanted = 0.1 if exact else rounded
    assert out.tolist() == [wanted, wanted, float(1 << 40), rounded]
