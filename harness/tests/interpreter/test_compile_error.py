"""Explaining errors that need no compiler to be raised."""

import pytest

from fusewright_harness.compile_error import explain_compile_error, is_compile_error


class CompilationError(Exception):
    """Named as triton's, which is recognised by its name."""


class CompileTimeAssertionFailure(CompilationError):
    pass


class PTXASError(Exception):
    pass


def _from(error, cause):
    try:
        raise error from cause
    except type(error) as raised:
        return raised


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CompilationError("x"), True),
        (CompileTimeAssertionFailure("x"), True),
        (PTXASError("x"), True),
        (_from(ValueError("outer"), CompilationError("inner")), True),
        (RuntimeError("PassManager::run failed"), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
        (ValueError("x"), False),
        (TypeError("x"), False),
    ],
)
def test_which_errors_are_the_compilers(error, expected):
    assert is_compile_error(error) is expected


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ValueError("short"), "ValueError", "short"),
        (ValueError("first\nsecond"), "ValueError", "first"),
        (ValueError(""), "ValueError", "ValueError"),
        (CompilationError("NameError('x is not defined')"), "NameError", "x is not defined"),
        (CompilationError("tl.lod('x')"), "CompilationError", "tl.lod('x')"),
        (_from(CompilationError("at 3:4: long"), TypeError("innermost")), "TypeError", "innermost"),
        (KeyError("Keyword argument a was specified"), "KeyError", "Keyword argument a was specified"),
        (
            PTXASError("`ptxas` failed with error code 255\nptxas fatal   : Ptx assembly aborted\n"),
            "PTXASError",
            "ptxas fatal   : Ptx assembly aborted",
        ),
    ],
)
def test_the_message_is_one_line_of_the_innermost_cause(error, kind, message):
    explained = explain_compile_error(error)
    assert (explained.type, explained.message) == (kind, message)


def test_the_compilers_log_says_what_a_pass_did_not():
    log = "softmax.py:14:20: error: operand #1 must be a tensor\nother.py:3:1: error: no\n"
    explained = explain_compile_error(RuntimeError("PassManager::run failed"), "softmax.py", log)
    assert (explained.message, explained.line) == ("operand #1 must be a tensor", 14)
    located = explain_compile_error(
        RuntimeError("PassManager::run failed"), "softmax.py", 'loc("softmax.py":9:2): error: x\n'
    )
    assert (located.message, located.line) == ("x", 9)


def test_the_line_is_of_the_named_file_only():
    code = compile("\n\n\ndef fail():\n    raise ValueError('here')\n", "pair.py", "exec")
    namespace = {}
    exec(code, namespace)
    with pytest.raises(ValueError, match="here") as caught:
        namespace["fail"]()
    assert explain_compile_error(caught.value, "pair.py").line == 5
    assert explain_compile_error(caught.value, "other.py").line is None
