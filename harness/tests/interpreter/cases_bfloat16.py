"""bfloat16, bit for bit where operations are exactly rounded: on a GPU and in torch these are the same bits."""

import math

import torch
import triton
import triton.language as tl
from pair_module import load

_CODE = """
import triton
import triton.language as tl


@triton.jit
def kernel(x, y, out, N: tl.constexpr):
    lanes = tl.program_id(0) * N + tl.arange(0, N)
    v = tl.load(x + lanes)
    w = tl.load(y + lanes)
    tl.store(out + lanes, {expression})
"""


def _every_value():
    """All 65536 bit patterns, as bfloat16."""
    return torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)


def _same_bits(result, expected):
    assert result.dtype == expected.dtype
    nan = expected.isnan()
    assert torch.equal(result.isnan(), nan)
    integers = {2: torch.int16, 4: torch.int32, 1: torch.uint8, 8: torch.int64}[expected.element_size()]
    different = (result.view(integers) != expected.view(integers)) & ~nan
    assert not different.any(), (
        f"{int(different.sum())} differ, first {result[different][0]} {expected[different][0]}"
    )


def _exact(expression, reference, x=None, y=None, dtype=torch.bfloat16):
    def case():
        values = _every_value() if x is None else x()
        torch.manual_seed(0)
        others = values[torch.randperm(values.numel())] if y is None else y()
        out = torch.empty(values.numel(), dtype=dtype)
        load(_CODE.format(expression=expression)).kernel[(values.numel() // 4096,)](values, others, out, 4096)
        _same_bits(out, reference(values, others))

    return case


def _float32():
    torch.manual_seed(2)
    bits = torch.randint(-(2**31), 2**31, (1 << 16,), dtype=torch.int64)
    # The second half lies on ties between two bfloat16 values.
    bits[1 << 15 :] = (bits[1 << 15 :] & ~0xFFFF) | 0x8000
    return bits.to(torch.int32).view(torch.float32)


CASES = {
    "copy": _exact("v", lambda v, w: v),
    "v + w": _exact("v + w", lambda v, w: v + w),
    "v - w": _exact("v - w", lambda v, w: v - w),
    "v * w": _exact("v * w", lambda v, w: v * w),
    "v / w": _exact("v / w", lambda v, w: (v.float() / w.float()), dtype=torch.float32),
    # Zero is left out: older versions of the language negate by subtracting from zero.
    "-v": _exact("-v", lambda v, w: -v, lambda: _every_value().where(_every_value() != 0, 1.0)),
    "tl.abs(v)": _exact("tl.abs(v)", lambda v, w: v.abs()),
    "v + 1.5": _exact("v + 1.5", lambda v, w: v + 1.5),
    "v > w": _exact("(v > w).to(tl.int32)", lambda v, w: (v > w).int(), dtype=torch.int32),
    "v != w": _exact("(v != w).to(tl.int32)", lambda v, w: (v != w).int(), dtype=torch.int32),
    "tl.where": _exact("tl.where(v < w, v, w)", lambda v, w: torch.where(v < w, v, w)),
    "to float32": _exact("v.to(tl.float32)", lambda v, w: v.float(), dtype=torch.float32),
    "to float16": _exact("v.to(tl.float16)", lambda v, w: v.half(), dtype=torch.float16),
    "to bits": _exact("v.to(tl.int16, bitcast=True)", lambda v, w: v.view(torch.int16), dtype=torch.int16),
    "from bits": _exact(
        "v.to(tl.bfloat16, bitcast=True)", lambda v, w: v.view(torch.bfloat16), lambda: _every_value().view(torch.int16)
    ),
    "float32 rounds to nearest even": _exact("v.to(tl.bfloat16)", lambda v, w: v.bfloat16(), _float32),
    "a store rounds": _exact("v * 1.0", lambda v, w: v.bfloat16(), _float32),
    "float16 rounds": _exact(
        "v.to(tl.bfloat16)", lambda v, w: v.bfloat16(), lambda: _every_value().view(torch.int16).view(torch.float16)
    ),
    "int32 rounds": _exact(
        "v.to(tl.bfloat16)", lambda v, w: v.bfloat16(), lambda: torch.arange(1 << 16, dtype=torch.int32) - 9999
    ),
    "mixed with float32": _exact("v * w", lambda v, w: v * w, None, _float32, torch.float32),
    "sqrt through float32": _exact(
        "tl.sqrt(v.to(tl.float32)).to(tl.bfloat16)", lambda v, w: v.float().sqrt().bfloat16()
    ),
    "to float8e5": _exact(
        "v.to(tl.float8e5).to(tl.float32)",
        lambda v, w: v.float().clamp(-57344, 57344).to(torch.float8_e5m2).float(),
        dtype=torch.float32,
    ),
    "to float8e4nv": _exact(
        "v.to(tl.float8e4nv).to(tl.float32)",
        lambda v, w: v.float().clamp(-448, 448).to(torch.float8_e4m3fn).float(),
        dtype=torch.float32,
    ),
}  # fmt: skip


def case_cut_off_on_request():
    x = torch.tensor([1 + 2**-8 + 2**-9, -1 - 2**-8 - 2**-9] * 2048)
    out = torch.empty(4096, dtype=torch.bfloat16)
    load(_CODE.format(expression='v.to(tl.bfloat16, fp_downcast_rounding="rtz")')).kernel[(1,)](
        x, x, out, 4096
    )
    assert out[:2].tolist() == [1.0, -1.0]


@triton.jit
def _reductions(x, out, N: tl.constexpr):
    values = tl.load(x + tl.arange(0, N))
    tl.store(out, tl.sum(values.to(tl.float32), axis=0))
    tl.store(out + 1, tl.max(values, axis=0))
    tl.store(out + 2, tl.min(values, axis=0))
    tl.store(out + 3, tl.argmax(values, axis=0).to(tl.float32))


def case_reductions():
    torch.manual_seed(3)
    x = torch.randn(512).bfloat16()
    out = torch.empty(4, dtype=torch.bfloat16)
    _reductions[(1,)](x, out, 512)
    _same_bits(out, torch.stack([x.float().sum().bfloat16(), x.max(), x.min(), x.argmax().bfloat16()]))


@triton.jit
def _running_sum(x, out, n, N: tl.constexpr):
    total = tl.zeros([N], dtype=tl.bfloat16)
    for i in range(n):
        total += tl.load(x + i * N + tl.arange(0, N))
    tl.store(out + tl.arange(0, N), total)


def case_a_running_sum_rounds_at_every_step():
    torch.manual_seed(4)
    x = torch.randn(50, 64).bfloat16()
    out = torch.empty(64, dtype=torch.bfloat16)
    _running_sum[(1,)](x, out, 50, 64)
    expected = torch.zeros(64, dtype=torch.bfloat16)
    for row in x:
        expected = expected + row
    _same_bits(out, expected)


@triton.jit
def _masked(x, out, n, N: tl.constexpr):
    lanes = tl.arange(0, N)
    values = tl.load(x + lanes, mask=lanes < n, other=-1.5)
    tl.store(out + lanes, values, mask=lanes < n + 2)


def case_masks_and_other():
    x, out = torch.ones(8, dtype=torch.bfloat16), torch.zeros(16, dtype=torch.bfloat16)
    _masked[(1,)](x, out, 8, 16)
    assert out.tolist() == [1.0] * 8 + [-1.5] * 2 + [0.0] * 6


@triton.jit
def _add_atomically(x, out, N: tl.constexpr):
    lanes = tl.arange(0, N)
    tl.atomic_add(out + lanes % 4, tl.load(x + lanes), mask=lanes < 12)


def case_atomic_add():
    # Triton 3.2 has no atomics on bfloat16.
    narrow = [torch.bfloat16] if hasattr(triton, "knobs") else []
    for dtype in (*narrow, torch.float16, torch.float32):
        x, out = torch.arange(16.0).to(dtype), torch.zeros(4, dtype=dtype)
        _add_atomically[(1,)](x, out, 16)
        assert out.tolist() == [12.0, 15.0, 18.0, 21.0], dtype


@triton.jit
def _scalars(out, scale, N: tl.constexpr):
    full = tl.full([N], 0.1, dtype=tl.bfloat16)
    tl.store(out + tl.arange(0, N), full * scale)


def case_constants_are_rounded():
    out = torch.empty(4)
    _scalars[(1,)](out, 3.0, 4)
    # The number is no compile-time constant, so the product is float32: of 0.1 as bfloat16.
    expected = torch.tensor(0.1).bfloat16().float() * 3.0
    assert out.tolist() == [expected.item()] * 4


def case_infinities_and_nan_survive():
    x = torch.tensor([math.inf, -math.inf, math.nan, 3.4e38] * 1024)
    out = torch.empty(4096, dtype=torch.bfloat16)
    load(_CODE.format(expression="v.to(tl.bfloat16)")).kernel[(1,)](x, x, out, 4096)
    _same_bits(out, x.bfloat16())
