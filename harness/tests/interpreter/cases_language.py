"""What Python means in a kernel, and how arguments arrive there."""

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from pair_module import line_with, load

SCALE = tl.constexpr(2.0)


def _error(launch):
    try:
        launch()
    except Exception as error:
        return error
    raise AssertionError("nothing was refused")


def _lanes(kernel, *arguments, n=8, dtype=torch.float32):
    out = torch.zeros(n, dtype=dtype)
    kernel[(1,)](*arguments, out, n)
    return out


def case_closure():
    factor = 3.0

    @triton.jit
    def scaled(x, out, N: tl.constexpr):
        lanes = tl.arange(0, N)
        tl.store(out + lanes, tl.load(x + lanes) * factor)

    x = torch.arange(8.0)
    assert torch.equal(_lanes(scaled, x), x * 3)
    factor = 5.0
    assert torch.equal(_lanes(scaled, x), x * 5)


def case_closure_over_a_device_function():
    @triton.jit
    def double(v):
        return v * 2

    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        tl.store(out + tl.arange(0, N), double(tl.load(x + tl.arange(0, N))))

    x = torch.arange(8.0)
    assert torch.equal(_lanes(kernel, x), x * 2)


def case_default_from_an_enclosing_function():
    width = 4

    @triton.jit
    def kernel(out, N: tl.constexpr, W: tl.constexpr = width):
        tl.store(out + tl.arange(0, W), 1.0)

    assert _lanes(kernel).sum() == 4


def case_global_constant_with_tensors():
    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        lanes = tl.arange(0, N)
        v = SCALE * tl.load(x + lanes) - SCALE
        tl.store(out + lanes, (v > SCALE).to(tl.float32) + v.to(tl.float32))

    x = torch.arange(8.0)
    v = 2 * x - 2
    assert torch.equal(_lanes(kernel, x), (v > 2).float() + v)


def case_an_annotated_number_stays_a_constant():
    @triton.jit
    def kernel(out, N: tl.constexpr):
        half: tl.constexpr = N // 2
        tl.store(out + tl.arange(0, half), 1.0)

    assert _lanes(kernel).sum() == 4


def case_a_number_assigned_without_annotation_is_a_tensor_as_for_the_compiler():
    @triton.jit
    def kernel(out, N: tl.constexpr):
        half = N // 2
        tl.store(out + tl.arange(0, half), 1.0)

    assert "constexpr" in str(_error(lambda: _lanes(kernel)))

    @triton.jit
    def typed(out, N: tl.constexpr):
        a, (b, c) = 1, (2.0, True)
        tl.static_assert(a.dtype == tl.int32 and b.dtype == tl.float32 and c.dtype == tl.int1)
        a += 1
        a: tl.int32 = -7 * a
        tl.store(out + tl.arange(0, N), (a // 4).to(tl.float32))

    assert _lanes(typed)[0] == -3


def case_a_number_that_a_loop_changes_is_a_tensor():
    @triton.jit
    def kernel(out, N: tl.constexpr):
        count = 0
        i = -7
        while i < 0:
            count += i // 2
            i += 2
        tl.store(out + tl.arange(0, N), count.to(tl.float32))

    # -7, -5, -3, -1 halved toward zero.
    assert _lanes(kernel)[0] == -3 - 2 - 1


def case_a_loop_variable_is_a_tensor():
    @triton.jit
    def kernel(out, N: tl.constexpr):
        for i in range(N):
            tl.store(out + i.to(tl.int64), i.to(tl.float32))

    assert torch.equal(_lanes(kernel), torch.arange(8.0))


def case_a_static_loop_variable_is_a_number():
    @triton.jit
    def kernel(out, N: tl.constexpr):
        for i in tl.static_range(0, 3):
            tl.store(out + tl.arange(0, 2**i), i)

    assert _lanes(kernel).tolist() == [2.0] * 4 + [0.0] * 4


def case_range_with_hints_and_a_step():
    @triton.jit
    def kernel(out, n, N: tl.constexpr):
        for i in tl.range(0, n, 2, num_stages=3, loop_unroll_factor=2):
            tl.store(out + i, 1.0)

    out = torch.zeros(8)
    kernel[(1,)](out, 7, 8)
    assert out.tolist() == [1.0, 0.0] * 4


def case_if_on_a_scalar_and_while():
    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        total = 0.0
        i = 0
        while i < N:
            v = tl.load(x + i)
            if v > 0 and v < 100:
                total += v
            elif not v > -50:
                total -= 1
            i += 1
        tl.store(out + tl.arange(0, N), total)

    x = torch.tensor([1.0, -60.0, 200.0, 3.0, -1.0, 4.0, 5.0, 0.0])
    assert _lanes(kernel, x)[0] == 1 + 3 + 4 + 5 - 1


def case_a_condition_on_a_block_is_refused():
    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        v = tl.load(x + tl.arange(0, N))
        if v > 0:
            tl.store(out + tl.arange(0, N), v)

    assert "tl.where" in str(_error(lambda: _lanes(kernel, torch.ones(8))))


def case_a_missing_import_is_an_error():
    module = load(
        """
        import triton
        import triton.language as tl

        @triton.jit
        def kernel(out, N: tl.constexpr):
            tl.store(out + tl.arange(0, N), np.pi)
        """
    )
    error = _error(lambda: _lanes(module.kernel))
    assert isinstance(error, NameError)
    assert "np" not in vars(module)


def case_an_error_has_the_line_of_the_file():
    import traceback

    module = load(
        """
        import triton
        import triton.language as tl

        @triton.jit
        def inner(v):
            return tl.lod(v)  # here

        @triton.jit
        def kernel(out, N: tl.constexpr):
            tl.store(out + tl.arange(0, N), inner(out))
        """,
        first_line=40,
    )
    error = _error(lambda: _lanes(module.kernel))
    assert isinstance(error, AttributeError)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "pair.py"]
    assert frames[-1].lineno == line_with(module, "# here")


def case_names_imported_one_by_one():
    module = load(
        """
        import triton
        from triton.language import arange, constexpr, load, store

        @triton.jit
        def kernel(x, out, N: constexpr):
            store(out + arange(0, N), load(x + arange(0, N)))
        """
    )
    assert torch.equal(_lanes(module.kernel, torch.arange(8.0)), torch.arange(8.0))


def case_annotations_that_are_strings():
    module = load(
        """
        from __future__ import annotations
        import triton
        import triton.language as tl

        @triton.jit
        def kernel(out, N: tl.constexpr):
            tl.store(out + tl.arange(0, N), N)
        """
    )
    assert _lanes(module.kernel)[0] == 8


def case_a_float_argument_is_float32():
    @triton.jit
    def kernel(x, out, scale, N: tl.constexpr):
        tl.static_assert(scale.dtype == tl.float32)
        product = tl.load(x + tl.arange(0, N)) * scale
        tl.static_assert(product.dtype == tl.float32)
        tl.store(out + tl.arange(0, N), product)

    x, out = torch.full((8,), 3.0, dtype=torch.float16), torch.zeros(8)
    kernel[(1,)](x, out, 1 / 3, 8)
    assert out[0] == 1.0


def case_integer_arguments_have_the_compilers_types():
    @triton.jit
    def kernel(out, small, large, flag, N: tl.constexpr):
        tl.static_assert(small.dtype == tl.int32)
        tl.static_assert(large.dtype == tl.int64)
        tl.static_assert(flag.dtype == tl.int1)
        if flag:
            tl.store(out + tl.arange(0, N), large)

    out = torch.zeros(8, dtype=torch.int64)
    kernel[(1,)](out, 5, 1 << 40, True, 8)
    assert out[0] == 1 << 40


def case_optional_and_constant_arguments():
    @triton.jit
    def kernel(x, bias, out, ACT: tl.constexpr, N: tl.constexpr):
        v = tl.load(x + tl.arange(0, N))
        if bias is not None:
            v += tl.load(bias + tl.arange(0, N))
        if ACT == "relu":
            v = tl.maximum(v, 0.0)
        tl.store(out + tl.arange(0, N), v)

    x, out = torch.arange(8.0) - 4, torch.zeros(8)
    kernel[(1,)](x, None, out, "relu", N=tl.constexpr(8), num_warps=4, num_stages=2)
    assert torch.equal(out, x.relu())
    kernel[(1,)](x, x, out, ACT="none", N=8)
    assert torch.equal(out, 2 * x)


class _Pair(NamedTuple):
    first: torch.Tensor
    second: torch.Tensor


def case_tuples():
    @triton.jit
    def kernel(both, out, N: tl.constexpr):
        lanes = tl.arange(0, N)
        tl.store(out + lanes, tl.load(both[0] + lanes) + tl.load(both[1] + lanes))

    x = torch.arange(8.0)
    assert torch.equal(_lanes(kernel, (x, x)), 2 * x)
    assert torch.equal(_lanes(kernel, _Pair(x, x)), 2 * x)


def case_unknown_keyword():
    @triton.jit
    def kernel(out, N: tl.constexpr):
        tl.store(out + tl.arange(0, N), 1.0)

    error = _error(lambda: kernel[(1,)](torch.zeros(8), 8, num_warp=4))
    assert isinstance(error, KeyError)
    assert "num_warp was specified but unrecognised" in str(error)
    assert isinstance(_error(lambda: kernel[(1,)](torch.zeros(8))), TypeError)


def case_grids():
    @triton.jit
    def kernel(out, GRID: tl.constexpr):
        x, y, z = tl.program_id(0), tl.program_id(axis=1), tl.program_id(2)
        tl.store(out + (x * tl.num_programs(1) + y) * tl.num_programs(2) + z, x * 100 + y * 10 + z)

    out = torch.zeros(2, 3, 4)
    kernel[(2, 3, 4)](out, 0)
    assert out[1, 2, 3] == 123
    kernel[lambda meta: [meta["GRID"], 2]](out, 5 - 3)
    kernel[(0,)](out, 0)
    assert isinstance(_error(lambda: kernel[(1, 1, 1, 1)](out, 0)), ValueError)
    assert isinstance(_error(lambda: kernel[(1.5,)](out, 0)), TypeError)
    assert isinstance(_error(lambda: kernel[4](out, 0)), TypeError)
    assert "65535" in str(_error(lambda: kernel[(1, 70000)](out, 0)))


def case_the_grid_sees_the_arguments_as_they_were_given():
    @triton.jit
    def kernel(x, n, BLOCK: tl.constexpr):
        tl.store(x + tl.program_id(0), 1.0)

    x = torch.zeros(10)
    kernel[lambda meta: (triton.cdiv(meta["x"].numel() + meta["n"], meta["BLOCK"]),)](x, 0, BLOCK=2)
    assert x.sum() == 5


def case_a_strided_and_a_transposed_input():
    @triton.jit
    def kernel(x, out, s0, s1, N: tl.constexpr):
        i, j = tl.arange(0, N)[:, None], tl.arange(0, N)[None, :]
        tl.store(out + i * N + j, tl.load(x + i * s0 + j * s1))

    for x in (torch.randn(8, 8).t(), torch.randn(16, 16)[::2, 1::2]):
        out = torch.empty(8, 8)
        kernel[(1,)](x, out, *x.stride(), 8)
        assert torch.equal(out, x)


def case_static_assert_and_print():
    @triton.jit
    def kernel(out, N: tl.constexpr):
        tl.static_print("N is", N)
        tl.device_print("value", tl.load(out))
        tl.static_assert(N == 4, "N must be 4")

    error = _error(lambda: _lanes(kernel))
    assert isinstance(error, AssertionError)
    assert str(error) == "N must be 4"


def case_autograd_function():
    @triton.jit
    def kernel(x, out, N: tl.constexpr):
        lanes = tl.arange(0, N)
        v = tl.load(x + lanes)
        tl.store(out + lanes, v * v)

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return _lanes(kernel, x)

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return 2 * x * gradient

    x = torch.arange(8.0, requires_grad=True)
    Square.apply(x).sum().backward()
    assert torch.equal(x.grad, 2 * x.detach())
