"""The mending itself: what it leaves alone, and whether its own check can fail."""

import os
import pathlib
import subprocess
import sys
import tempfile
from unittest import mock

import pytest
import torch
import triton
import triton.language as tl
from triton.runtime.interpreter import InterpretedFunction, InterpreterBuilder, TensorHandle

from fusewright_harness.interpreter import bfloat16, casts, dot, mend, reductions, self_check, vouching
from fusewright_harness.interpreter.bounds import ArgumentTable
from fusewright_harness.interpreter.driver import capability_of


def case_this_version_is_covered():
    assert mend.coverage() is None
    mend.apply()
    assert mend.coverage() is None


def _noticed(patch, what):
    def case():
        with patch:
            assert what in [failure.name for failure in self_check.failures()], self_check.failures()
        assert self_check.failures() == []

    return case


def _products_of_operands_cut_to_nothing(*_arguments):
    return torch.zeros(16, 16).numpy()


# Each mend taken away must be noticed.
CASES = {
    "notices wrong rounding": _noticed(
        mock.patch.object(bfloat16, "round_to_nearest", bfloat16.round_toward_zero), "bfloat16 arithmetic"
    ),
    "notices wrong casts": _noticed(
        mock.patch.object(
            casts, "convert_float", lambda handle, target: TensorHandle(handle.data * 0, target)
        ),
        "bfloat16 reductions",
    ),
    "notices wrong products": _noticed(
        mock.patch.object(dot, "_operand", _products_of_operands_cut_to_nothing), "float16 products"
    ),
    "notices unchecked accesses": _noticed(
        mock.patch.object(ArgumentTable, "_check_each"), "accesses out of bounds"
    ),
    "notices wrong draws": _noticed(
        mock.patch.object(InterpreterBuilder, "create_umulhi", lambda _builder, lhs, _rhs: lhs),
        "random numbers",
    ),
    "notices wrong sums": _noticed(
        mock.patch.dict(reductions._OPERATIONS, {"_sum_combine": reductions._product}), "reductions"
    ),
    "notices a missing library": _noticed(
        mock.patch.object(InterpreterBuilder, "create_extern_elementwise", return_value=None), "libdevice"
    ),
}


def case_a_fundamental_failure_is_one_sentence():
    with (
        mock.patch.object(mend, "_coverage", None),
        mock.patch.object(ArgumentTable, "_check_each"),
        mock.patch.object(self_check, "refuse"),
    ):
        sentence = mend.coverage()
        assert mend.gaps() == []
    assert sentence == (
        f"the interpreter of triton {triton.__version__} is not right on accesses out of bounds"
    )


def case_what_fails_refuses_to_run_and_nothing_else_does():
    code = """
import torch, triton, triton.language as tl
from unittest import mock
from triton.runtime.interpreter import InterpreterBuilder
from fusewright_harness.interpreter import mend, vouching

mend.apply()
InterpreterBuilder.create_histogram = lambda *_: None
assert mend.coverage() is None
assert [gap.split(" (")[0] for gap in mend.gaps()] == ["histograms"], mend.gaps()

@triton.jit
def double(x, out, N: tl.constexpr):
    lanes = tl.arange(0, N)
    tl.store(out + lanes, tl.load(x + lanes) * 2)

@triton.jit
def count(x, out, N: tl.constexpr):
    tl.store(out + tl.arange(0, N), tl.histogram(tl.load(x + tl.arange(0, N)), N))

x, out = torch.arange(8, dtype=torch.int32), torch.empty(8, dtype=torch.int32)
double[(1,)](x, out, 8)
assert out.tolist() == [2 * i for i in range(8)]
try:
    count[(1,)](x, out, 8)
except vouching.CannotVouch as error:
    print(error)
"""
    with tempfile.TemporaryDirectory() as folder:
        # Triton reads a kernel's source from its file.
        script = pathlib.Path(folder) / "gap.py"
        script.write_text(code)
        environment = {**os.environ, "PYTHONPATH": ":".join(sys.path), "TRITON_INTERPRET": "1"}
        run = subprocess.run(
            [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False
        )
    assert run.returncode == 0, run.stderr
    assert run.stdout == ("triton's interpreter cannot vouch for histograms: judge this pair on a GPU\n")


def case_operations_that_are_not_there_are_named():
    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        lanes = tl.arange(0, N)
        doubled = tl.inline_asm_elementwise(
            "add.f32 $0, $1, $1;", "=f,f", [tl.load(x + lanes)], dtype=tl.float32, is_pure=True, pack=1
        )
        tl.store(out + lanes, doubled)

    with pytest.raises(vouching.CannotVouch, match="inline assembly, which is PTX"):
        kernel[(1,)](torch.zeros(8), torch.zeros(8), 8)
    with pytest.raises(vouching.CannotVouch, match="`frobnicate`, which it does not have"):
        InterpreterBuilder().create_frobnicate()


def case_no_gpu_is_touched():
    # A process forked after CUDA's start cannot use it, and the zygote has been through all of this.
    mend.coverage()
    assert "libcuda.so" not in pathlib.Path("/proc/self/maps").read_text()


def case_the_compiler_cannot_be_mended():
    code = "import triton; from fusewright_harness.interpreter import mend; mend.apply()"
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "RuntimeError: triton was imported without TRITON_INTERPRET=1" in run.stderr


def case_the_compile_check_cannot_interpret():
    from fusewright_harness.interpreter.compile_check import compile_launches

    with pytest.raises(RuntimeError, match="TRITON_INTERPRET is set"):
        compile_launches(lambda: None, "sm_90", 1)


def case_targets():
    targets = ("sm_70", "sm_80", "sm_90", "sm_90a", "sm_100", "sm_120")
    assert [capability_of(target) for target in targets] == [70, 80, 90, 90, 100, 120]
    for target in ("90", "sm_", "sm_9", "sm_60", "gfx942", ""):
        with pytest.raises(ValueError, match="choose one of sm_70"):
            capability_of(target)


def case_the_modules_namespace_is_left_alone():
    @triton.jit
    def kernel(out):
        triton.language.store(out, 1.0)

    before = set(globals())
    assert isinstance(kernel, InterpretedFunction)
    kernel[(1,)](torch.zeros(1))
    assert set(globals()) == before
