"""Every elementwise function a kernel may call, against torch."""

import pytest
import torch
from pair_module import load

_CODE = """
import triton
import triton.language as tl
from triton.language.extra import libdevice


@triton.jit
def kernel(x, y, out, N: tl.constexpr):
    lanes = tl.arange(0, N)
    v = tl.load(x + lanes)
    w = tl.load(y + lanes)
    tl.store(out + lanes, {expression})
"""

_N = 256


def _run(expression, x, y, dtype):
    out = torch.empty(_N, dtype=dtype)
    load(_CODE.format(expression=expression)).kernel[(1,)](x, y, out, _N)
    return out


def _close(expression, reference):
    def case():
        torch.manual_seed(0)
        x, y = torch.rand(_N) * 0.9 + 0.05, torch.rand(_N) + 0.5
        torch.testing.assert_close(_run(expression, x, y, torch.float32), reference(x, y))

    return case


_FLOAT = {
    "tl.exp(v)": lambda v, w: v.exp(),
    "tl.exp2(v)": lambda v, w: v.exp2(),
    "tl.log(v)": lambda v, w: v.log(),
    "tl.log2(v)": lambda v, w: v.log2(),
    "tl.sin(v)": lambda v, w: v.sin(),
    "tl.cos(v)": lambda v, w: v.cos(),
    "tl.sqrt(v)": lambda v, w: v.sqrt(),
    "tl.sqrt_rn(v)": lambda v, w: v.sqrt(),
    "tl.rsqrt(v)": lambda v, w: v.rsqrt(),
    "tl.sigmoid(v)": lambda v, w: v.sigmoid(),
    "tl.erf(v)": lambda v, w: v.erf(),
    "tl.abs(v - 0.5)": lambda v, w: (v - 0.5).abs(),
    "tl.floor(v * 9)": lambda v, w: (v * 9).floor(),
    "tl.ceil(v * 9)": lambda v, w: (v * 9).ceil(),
    "tl.fma(v, w, v)": lambda v, w: v * w + v,
    "tl.maximum(v, 0.5)": lambda v, w: v.clamp(min=0.5),
    "tl.minimum(v, w)": torch.minimum,
    "max(v, w)": torch.maximum,
    "min(v, 0.5)": lambda v, w: v.clamp(max=0.5),
    "tl.clamp(v, 0.2, 0.6)": lambda v, w: v.clamp(0.2, 0.6),
    "tl.where(v > w, v, -w)": lambda v, w: torch.where(v > w, v, -w),
    "tl.div_rn(v, w)": lambda v, w: v / w,
    "tl.fdiv(v, w)": lambda v, w: v / w,
    "v / w": lambda v, w: v / w,
    "v % w": lambda v, w: torch.fmod(v, w),
    "tl.softmax(v)": lambda v, w: v.softmax(0),
    "tl.cumsum(v, 0)": lambda v, w: v.cumsum(0),
    "tl.cumsum(v, 0, reverse=True)": lambda v, w: v.flip(0).cumsum(0).flip(0),
    "tl.cumprod(w, 0)": lambda v, w: w.cumprod(0),
    "tl.sort(v)": lambda v, w: v.sort().values,
    "tl.sort(v, descending=True)": lambda v, w: v.sort(descending=True).values,
    "tl.flip(v, 0)": lambda v, w: v.flip(0),
    "tl.math.exp(v)": lambda v, w: v.exp(),
    "v.to(tl.float16).to(tl.float32)": lambda v, w: v.half().float(),
    "(v * 100).to(tl.int32).to(tl.float32)": lambda v, w: (v * 100).int().float(),
    "(v > w).to(tl.float32)": lambda v, w: (v > w).float(),
    "(v > 0.5 and w > 1).to(tl.float32)": lambda v, w: ((v > 0.5) & (w > 1)).float(),
    "(v > 0.5 or w > 1).to(tl.float32)": lambda v, w: ((v > 0.5) | (w > 1)).float(),
    "(not (v > 0.5)).to(tl.float32)": lambda v, w: (v <= 0.5).float(),
    "(0.2 < v < 0.7).to(tl.float32)": lambda v, w: ((v > 0.2) & (v < 0.7)).float(),
    "v.to(tl.int32, bitcast=True).to(tl.float32, bitcast=True)": lambda v, w: v,
    "libdevice.tanh(v)": lambda v, w: v.tanh(),
    "tl.extra.libdevice.tanh(v)": lambda v, w: v.tanh(),
    "tl.extra.cuda.libdevice.tanh(v)": lambda v, w: v.tanh(),
    "libdevice.fast_expf(v)": lambda v, w: v.exp(),
    "libdevice.rsqrt(v)": lambda v, w: v.rsqrt(),
    "libdevice.erf(v)": lambda v, w: v.erf(),
    "libdevice.erfinv(v)": lambda v, w: v.erfinv(),
    "libdevice.pow(v, 2.5)": lambda v, w: v**2.5,
    "libdevice.log1p(v)": lambda v, w: v.log1p(),
    "libdevice.expm1(v)": lambda v, w: v.expm1(),
    "libdevice.atan2(v, w)": torch.atan2,
    "libdevice.round(v * 9)": lambda v, w: (v * 9 + 0.5).floor(),
    "libdevice.rint(v * 9)": lambda v, w: (v * 9).round(),
    "libdevice.fmod(w, v)": lambda v, w: torch.fmod(w, v),
    "libdevice.isnan(v / 0 - w / 0).to(tl.float32)": lambda v, w: torch.ones_like(v),
    "libdevice.copysign(v, -w)": lambda v, w: -v,
    "libdevice.cbrt(v)": lambda v, w: v.double().pow(1 / 3).float(),
    "libdevice.lgamma(w)": lambda v, w: w.lgamma(),
    "libdevice.div_rn(v, w)": lambda v, w: v / w,
    "libdevice.float2int_rn(v * 9).to(tl.float32)": lambda v, w: (v * 9).round(),
    "libdevice.popc((v * 255).to(tl.int32)).to(tl.float32)": lambda v, w: torch.tensor(
        [float(int(i).bit_count()) for i in (v * 255).int()]
    ),
}
CASES = {f"{expression}": _close(expression, reference) for expression, reference in _FLOAT.items()}


def _integer(expression, reference):
    def case():
        torch.manual_seed(1)
        x = torch.randint(-1000, 1000, (_N,), dtype=torch.int32)
        y = torch.randint(1, 50, (_N,), dtype=torch.int32)
        result = _run(expression, x, y, torch.int64)
        assert torch.equal(result, reference(x.long(), y.long()))

    return case


# Division and remainder round toward zero, as C's do.
CASES.update(
    {
        f"int {expression}": _integer(expression, reference)
        for expression, reference in {
            "v // w": lambda v, w: torch.div(v, w, rounding_mode="trunc"),
            "v % w": lambda v, w: torch.fmod(v, w),
            "v >> 3": lambda v, w: v >> 3,
            "v << 2": lambda v, w: v << 2,
            "(v & 255) ^ w | 1": lambda v, w: (v & 255) ^ w | 1,
            "~v": lambda v, w: ~v,
            "-v": lambda v, w: -v,
            "tl.cdiv(w, 7)": lambda v, w: (w + 6) // 7,
            "tl.abs(v)": lambda v, w: v.abs(),
            "v.to(tl.int64) * 5000000": lambda v, w: v * 5000000,
            "v.to(tl.int8)": lambda v, w: v.to(torch.int8).long(),
            "tl.umulhi(w.to(tl.uint32), (1 << 31)).to(tl.int64)": lambda v, w: w >> 1,
        }.items()
    }
)


def case_float_to_integer_saturates():
    x = torch.full((_N,), 1e20)
    x[::3], x[1::3] = -1e20, float("nan")
    result = _run("v.to(tl.int32)", x, x, torch.int32)
    assert torch.equal(result[:3], torch.tensor([-(2**31), 0, 2**31 - 1], dtype=torch.int32))


def case_libdevice_refuses_half_precision_as_on_a_gpu():
    x = torch.ones(_N, dtype=torch.float16)
    with pytest.raises(TypeError, match=r"libdevice\.tanh takes no arguments of type fp16"):
        _run("libdevice.tanh(v)", x, x, torch.float32)


def case_exp_refuses_half_precision_as_on_a_gpu():
    x = torch.ones(_N, dtype=torch.bfloat16)
    with pytest.raises(ValueError, match="bf16"):
        _run("tl.exp(v)", x, x, torch.float32)


def case_fma_rounds_once():
    # In float32 the product alone would round to 1, losing the last bit.
    x = torch.full((_N,), 1 + 2**-12)
    expected = (x.double() * x.double() - 1).float()
    assert torch.equal(_run("tl.fma(v, w, -1.0)", x, x, torch.float32), expected)
