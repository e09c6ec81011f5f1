"""The mending itself: what it leaves alone, and whether its own check can fail."""

import pathlib
import subprocess
import sys
from unittest import mock

import pytest
import torch
import triton
from triton.runtime.interpreter import InterpretedFunction, InterpreterBuilder, TensorHandle

from fusewright_harness.interpreter import bfloat16, casts, dot, mend, self_check
from fusewright_harness.interpreter.bounds import ArgumentTable
from fusewright_harness.interpreter.driver import capability_of


def case_this_version_is_covered():
    assert mend.coverage() is None
    mend.apply()
    assert mend.coverage() is None


def _noticed(patch, what):
    def case():
        with patch:
            assert any(failure.startswith(what) for failure in self_check.failures()), self_check.failures()
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
    "notices a missing library": _noticed(
        mock.patch.object(InterpreterBuilder, "create_extern_elementwise", return_value=None), "libdevice"
    ),
}


def case_a_failure_is_one_sentence():
    with (
        mock.patch.object(mend, "_coverage", None),
        mock.patch.object(casts, "_float_to_integer", None),
        mock.patch.object(bfloat16, "from_bits", lambda bits: bits.astype("float32")),
    ):
        sentence = mend.coverage()
    assert sentence.startswith(
        f"the interpreter of triton {triton.__version__} is not right on bfloat16 arithmetic"
    )
    assert "\n" not in sentence


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
