"""The compile check: resources of right kernels, and the line and sentence of wrong ones."""

import atexit
import os
import shutil
import tempfile
import time
from unittest import mock

# A cache of its own, so that what is tested is compiling.
_CACHE = tempfile.mkdtemp(prefix="fusewright-compile-cases-")
os.environ["TRITON_CACHE_DIR"] = _CACHE
atexit.register(shutil.rmtree, _CACHE, ignore_errors=True)

import pytest  # noqa: E402
import torch  # noqa: E402 - imported before any fork, as the zygote does
import triton  # noqa: E402, F401
from pair_module import line_with, load  # noqa: E402

from fusewright_harness.interpreter import driver  # noqa: E402
from fusewright_harness.interpreter.compile_check import compile_launches, prepare  # noqa: E402

prepare("sm_90")

_HEAD = """
import torch
import triton
import triton.language as tl
"""

_SOFTMAX = (
    _HEAD
    + """
@triton.jit
def softmax_kernel(out, x, stride, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    lanes = tl.arange(0, BLOCK)
    values = tl.load(x + row * stride + lanes, mask=lanes < columns, other=-float("inf"))
    values = tl.exp(values - tl.max(values, axis=0))
    tl.store(out + row * stride + lanes, values / tl.sum(values, axis=0), mask=lanes < columns)


def run():
    x = torch.randn(64, 781, device="cuda")
    out = torch.empty_like(x)
    softmax_kernel[(64,)](out, x, x.stride(0), 781, BLOCK=1024)
    softmax_kernel[(64,)](out, x, x.stride(0), 781, BLOCK=1024)
    return out
"""
)

_MATMUL = (
    _HEAD
    + """
@triton.jit
def tile(a, b):
    return tl.dot(a, b)  # the product


@triton.jit
def matmul_kernel(a, b, out, B: tl.constexpr):
    lanes = tl.arange(0, B)
    index = lanes[:, None] * B + lanes[None, :]
    tl.store(out + index, tile(tl.load(a + index), tl.load(b + index)))


def run(size=64, dtype=torch.float16):
    a = torch.randn(size, size, device="cuda", dtype=dtype)
    out = torch.empty(size, size, device="cuda")
    matmul_kernel[lambda meta: (1,)](a, a, out, size)
"""
)

# Eight stages of two 16 KiB tiles are more than the 227 KiB that a block has.
_PIPELINED = (
    _HEAD
    + """
@triton.jit
def pipelined_kernel(a, b, out, K, B: tl.constexpr, BK: tl.constexpr):
    rows, inner = tl.arange(0, B), tl.arange(0, BK)
    total = tl.zeros((B, B), dtype=tl.float32)
    for k in range(0, K, BK):
        x = tl.load(a + rows[:, None] * K + (k + inner)[None, :])
        y = tl.load(b + (k + inner)[:, None] * B + rows[None, :])
        total = tl.dot(x, y, total)
    tl.store(out + rows[:, None] * B + rows[None, :], total)


def run():
    a = torch.randn(128, 1024, device="cuda", dtype=torch.float16)
    b = torch.randn(1024, 128, device="cuda", dtype=torch.float16)
    out = torch.empty(128, 128, device="cuda")
    pipelined_kernel[(1,)](a, b, out, 1024, B=128, BK=64, num_stages=8)
"""
)


def _check(code, target="sm_90", limit_s=60.0, first_line=10, run="run"):
    module = load(code, first_line=first_line)
    return module, compile_launches(getattr(module, run), target, limit_s, file="pair.py")


def _softmax(target):
    def case():
        module, report = _check(_SOFTMAX, target)
        if why := driver.refusal(target):
            assert target not in ("sm_80", "sm_90")
            assert (report.error.stage, report.error.message) == ("target", why)
            assert f"knows no {target}" in why
            return
        assert report.error is None
        (kernel,) = report.kernels
        assert (kernel.name, kernel.launches, kernel.spills) == ("softmax_kernel", 2, 0)
        assert kernel.line == line_with(module, "def softmax_kernel")
        assert 8 <= kernel.registers <= 255
        assert 0 < kernel.shared_bytes < 1024

    return case


CASES = {f"softmax for {target}": _softmax(target) for target in ("sm_70", "sm_80", "sm_90", "sm_100")}


def case_condition_on_a_block():
    module, report = _check(_kernel("values = values if values > 0 else -values"))
    # Before triton 3.6 that makes the compiler crash, and the kernel is all that is known.
    crashed = report.error.type == "CompilerCrash"
    assert report.error.line == line_with(module, "def kernel" if crashed else "# here")
    assert report.error.stage == "compile"


def case_matmul():
    _, report = _check(_MATMUL)
    assert report.error is None
    assert [kernel.name for kernel in report.kernels] == ["matmul_kernel"]
    assert report.kernels[0].shared_bytes >= 2 * 64 * 64 * 2


def _error(code, marker, message, kind=None, stage="compile"):
    def case():
        module, report = _check(code)
        assert report.error is not None, "compiled, though it should not"
        assert message in report.error.message
        assert "\n" not in report.error.message
        assert report.error.line == line_with(module, marker)
        assert report.error.stage == stage
        assert kind is None or report.error.type == kind
        assert f'File "pair.py", line {report.error.line}' in report.error.traceback
        assert "site-packages" not in report.error.traceback

    return case


def _kernel(statement, launch="kernel[(1,)](x, out, 64)"):
    return (
        _HEAD
        + f"""
@triton.jit
def kernel(x, out, N: tl.constexpr):
    lanes = tl.arange(0, N)
    values = tl.load(x + lanes)
    {statement}  # here
    tl.store(out + lanes, values)


def run():
    x = torch.randn(64, device="cuda")
    out = torch.empty(64, device="cuda")
    {launch}  # launch
"""
    )


CASES.update({
    "dot in a device function with K = 8": _error(
        _MATMUL.replace("size=64", "size=8"), "# the product", "K >= 16"
    ),
    "unknown name": _error(_kernel("values = valeus * 2"), "# here", "valeus is not defined", "NameError"),
    "unknown function": _error(_kernel("values = tl.lod(x + lanes)"), "# here", "lod", "AttributeError"),
    "shapes that do not match": _error(_kernel("values += tl.arange(0, 2 * N)"), "# here", "64 and 128"),
    "range that is no power of two": _error(
        _kernel("values = tl.arange(0, N + 1)"), "# here", "power of 2"
    ),
    "exp of an integer": _error(_kernel("values = tl.exp(lanes)"), "# here", "fp32"),
    "static_assert": _error(_kernel("tl.static_assert(N == 32, 'only 32')"), "# here", "only 32"),
    "unknown keyword": _error(
        _kernel("pass", "kernel[(1,)](x, out, 64, num_warp=4)"), "# launch", "num_warp was specified but unrecognised"
    ),
    "missing argument": _error(_kernel("pass", "kernel[(1,)](x, out)"), "# launch", "N"),
    "error of the wrapper": _error(
        _kernel("pass", "raise ValueError('no such size')"), "# launch", "no such size", "ValueError", "run"
    ),
    "too much shared memory": _error(
        _PIPELINED, "def pipelined_kernel", "shared memory", "SharedMemoryError",
    ),
})  # fmt: skip


def case_autotune_passes_over_what_does_not_fit():
    tuned = _PIPELINED.replace(
        "@triton.jit",
        "@triton.autotune([triton.Config({}, num_stages=n) for n in (8, 2)], key=[])\n@triton.jit",
    ).replace(", num_stages=8", "")
    _, report = _check(tuned)
    assert report.error is None
    assert len(report.kernels) == 1
    assert report.kernels[0].shared_bytes < 227 * 1024
    assert "`pipelined_kernel` ran with the first of its 2 configurations that fits" in report.notes[0]


def case_a_fallback_does_not_hide_an_error():
    code = _kernel("values = tl.lod(x + lanes)", "try: kernel[(1,)](x, out, 64)\n    except Exception: pass")
    _, report = _check(code)
    assert "lod" in report.error.message


def case_launches_on_a_gpu_are_logged():
    from triton.runtime.jit import JITFunction

    from fusewright_harness.interpreter.launches import LaunchLog

    module = load(_SOFTMAX, first_line=10)
    reached = []
    # There may be no GPU to launch on: what the log stands in front of is replaced.
    with mock.patch.object(JITFunction, "run", lambda _self, *_args, grid, **_options: reached.append(grid)):
        before = JITFunction.run
        with LaunchLog() as outer:
            module.softmax_kernel[lambda meta: (meta["columns"], 2)](1, 2, 3, 4, BLOCK=8)
            with LaunchLog(replace_with_nothing=True) as inner:
                module.softmax_kernel[(5,)](1, 2, 3, 4, BLOCK=8)
            module.softmax_kernel.warmup(1, 2, 3, 4, BLOCK=8, grid=(1,))
        assert JITFunction.run is before
    assert reached == [(4, 2), (1,)]
    assert [launch.grid for launch in outer.launches] == [(4, 2, 1), (5, 1, 1)]
    assert [kernel.launches for kernel in outer.kernels()] == [2]
    assert outer.kernels()[0].line == line_with(module, "def softmax_kernel")
    assert len(inner.launches) == 1


def case_time_limit():
    start = time.monotonic()
    _, report = _check(_MATMUL.replace("size=64", "size=512"), limit_s=1.0)
    assert time.monotonic() - start < 5
    assert (report.error.stage, report.error.type) == ("timeout", "TimeoutError")
    assert "`matmul_kernel`" in report.error.message


def case_unknown_target():
    with pytest.raises(ValueError, match="sm_42"):
        compile_launches(lambda: None, "sm_42", 10)


def case_nothing_launched():
    report = compile_launches(lambda: None, "sm_90", 30)
    assert report.kernels == []
    assert report.error is None


def case_a_process_that_dies_is_an_error():
    report = compile_launches(lambda: os._exit(3), "sm_90", 30)
    assert report.error.type == "ProcessError"


def case_caller_is_left_alone():
    from triton.runtime.jit import JITFunction

    before, descriptor = JITFunction.run, os.dup(0)
    os.close(descriptor)
    _check(_SOFTMAX)
    assert JITFunction.run is before
    assert os.dup(0) == descriptor, "a file descriptor was left open"
    os.close(descriptor)
    assert not torch.cuda.is_available() or torch.cuda.device_count() > 0
