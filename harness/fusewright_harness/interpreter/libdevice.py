"""CUDA's libdevice on the CPU: ``libdevice.tanh`` and the like.

Triton's interpreter has none of them: the generic functions return None without a word. On a GPU the generic module
stands for ``triton.language.extra.cuda.libdevice``, whose functions pick a symbol such as ``__nv_tanhf`` by the
arguments' types. The same is done here, so that types which libdevice does not take are refused as on a GPU, and
the symbol is then computed by numpy or torch.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import triton.language as tl
import triton.runtime.interpreter as interpreter
from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

from . import upstream

if TYPE_CHECKING:
    from collections.abc import Callable


def _torch(function: Callable[..., torch.Tensor]) -> Callable[..., np.ndarray]:
    def compute(*arguments: np.ndarray) -> np.ndarray:
        return function(*(torch.from_numpy(np.array(a)) for a in arguments)).numpy()

    return compute


def _through_float64(function: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    def compute(*arguments: np.ndarray) -> np.ndarray:
        return function(*(a.astype(np.float64) for a in arguments))

    return compute


def _round_half_away(x: np.ndarray) -> np.ndarray:
    return np.copysign(np.floor(np.abs(x) + 0.5), x)


# Functions of floating-point arguments, by libdevice's name without ``__nv_`` and without the ``f`` of float32.
_FLOAT: dict[str, Callable[..., np.ndarray]] = {
    **{
        name: getattr(np, name)
        for name in [
            "exp",
            "exp2",
            "expm1",
            "log",
            "log1p",
            "log2",
            "log10",
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "tanh",
            "sqrt",
            "floor",
            "ceil",
            "trunc",
            "rint",
            "hypot",
            "copysign",
            "fmod",
            "nextafter",
            "cbrt",
            "signbit",
            "isnan",
            "isinf",
            "fmax",
            "fmin",
        ]
    },
    **{
        name: getattr(np, numpy)
        for name, numpy in {
            "asin": "arcsin",
            "acos": "arccos",
            "atan": "arctan",
            "asinh": "arcsinh",
            "acosh": "arccosh",
            "atanh": "arctanh",
            "atan2": "arctan2",
            "fabs": "abs",
            "nearbyint": "rint",
        }.items()
    },
    **{
        name: _torch(function)
        for name, function in {
            "erf": torch.special.erf,
            "erfc": torch.special.erfc,
            "erfinv": torch.special.erfinv,
            "erfcx": torch.special.erfcx,
            "lgamma": torch.lgamma,
            "j0": torch.special.bessel_j0,
            "j1": torch.special.bessel_j1,
            "y0": torch.special.bessel_y0,
            "y1": torch.special.bessel_y1,
            "cyl_bessel_i0": torch.special.i0,
            "cyl_bessel_i1": torch.special.i1,
            "normcdf": torch.special.ndtr,
            "normcdfinv": torch.special.ndtri,
            "erfcinv": lambda x: torch.special.erfinv(1 - x.double()),
        }.items()
    },
    "pow": _through_float64(np.power),
    "fma": _through_float64(lambda x, y, z: x * y + z),
    "rsqrt": _through_float64(lambda x: 1 / np.sqrt(x)),
    "exp10": _through_float64(lambda x: np.power(10.0, x)),
    "rcbrt": _through_float64(lambda x: 1 / np.cbrt(x)),
    "rhypot": _through_float64(lambda x, y: 1 / np.hypot(x, y)),
    "norm3d": _through_float64(lambda x, y, z: np.sqrt(x * x + y * y + z * z)),
    "rnorm3d": _through_float64(lambda x, y, z: 1 / np.sqrt(x * x + y * y + z * z)),
    "sinpi": _through_float64(lambda x: np.sin(np.pi * x)),
    "cospi": _through_float64(lambda x: np.cos(np.pi * x)),
    "tgamma": _through_float64(
        _torch(
            lambda x: torch.exp(torch.lgamma(x)) * torch.where((x < 0) & (torch.floor(x) % 2 != 0), -1.0, 1.0)
        )
    ),
    "round": _round_half_away,
    "llround": _round_half_away,
    "llrint": np.rint,
    "fdim": lambda x, y: np.where(np.isnan(x) | np.isnan(y), np.nan, np.maximum(x - y, 0)),
    "remainder": _through_float64(lambda x, y: x - np.rint(x / y) * y),
    "ldexp": lambda x, n: np.ldexp(x, n),
    "scalbn": lambda x, n: np.ldexp(x, n),
    "ilogb": lambda x: np.frexp(x)[1] - 1,
    "logb": lambda x: np.frexp(x)[1] - 1,
    "saturate": lambda x: np.clip(np.nan_to_num(x, nan=0.0), 0, 1),
    "finite": np.isfinite,
    "isfinited": np.isfinite,
    "fdividef": np.divide,
}
# The approximate versions are computed exactly: an error that the hardware adds is within any tolerance.
_FLOAT.update(
    {
        f"fast_{name}": _FLOAT[name]
        for name in ["sin", "cos", "log2", "log", "exp", "tanh", "tan", "exp10", "log10", "pow"]
    }
)
_FLOAT.update({"fast_fdivide": np.divide})

# Rounding to nearest is what numpy does; the other directions are not simulated.
_ROUNDED = {
    "add_rn": np.add, "fadd_rn": np.add, "dadd_rn": np.add, "sub_rn": np.subtract, "fsub_rn": np.subtract,
    "dsub_rn": np.subtract, "mul_rn": np.multiply, "fmul_rn": np.multiply, "dmul_rn": np.multiply,
    "fdiv_rn": np.divide, "ddiv_rn": np.divide, "fsqrt_rn": np.sqrt, "dsqrt_rn": np.sqrt,
    "frcp_rn": lambda x: 1 / x, "drcp_rn": lambda x: 1 / x, "frsqrt_rn": _FLOAT["rsqrt"],
    "fmaf_rn": _FLOAT["fma"], "fma_rn": _FLOAT["fma"],
}  # fmt: skip
_DIRECTIONS = {"rn": np.rint, "rz": np.trunc, "rd": np.floor, "ru": np.ceil}


def _popcount(x: np.ndarray) -> np.ndarray:
    bits = np.unpackbits(np.ascontiguousarray(x).view(np.uint8).reshape(*x.shape, x.dtype.itemsize), axis=-1)
    return bits.sum(axis=-1)


def _leading_zeros(x: np.ndarray) -> np.ndarray:
    unsigned = x.view(f"u{x.dtype.itemsize}")
    width = x.dtype.itemsize * 8
    count = np.full(x.shape, width, dtype=np.int32)
    for bit in range(width):
        count = np.where(
            (unsigned >> unsigned.dtype.type(bit)) & unsigned.dtype.type(1), width - 1 - bit, count
        )
    return count


def _first_set(x: np.ndarray) -> np.ndarray:
    lowest = x & -x
    return np.where(x == 0, 0, x.dtype.itemsize * 8 - _leading_zeros(lowest))


_INTEGER: dict[str, Callable[..., np.ndarray]] = {
    "clz": _leading_zeros, "clzll": _leading_zeros, "popc": _popcount, "popcll": _popcount,
    "ffs": _first_set, "ffsll": _first_set, "abs": np.abs, "llabs": np.abs,
    "min": np.minimum, "max": np.maximum, "umin": np.minimum, "umax": np.maximum,
    "llmin": np.minimum, "llmax": np.maximum, "ullmin": np.minimum, "ullmax": np.maximum,
    "hadd": lambda x, y: (x.astype(np.int64) + y) >> 1, "uhadd": lambda x, y: (x.astype(np.int64) + y) >> 1,
    "rhadd": lambda x, y: (x.astype(np.int64) + y + 1) >> 1,
    "urhadd": lambda x, y: (x.astype(np.int64) + y + 1) >> 1,
    "mulhi": lambda x, y: (x.astype(np.int64) * y) >> 32,
    "umulhi": lambda x, y: (x.astype(np.uint64) * y) >> np.uint64(32),
    "sad": lambda x, y, z: np.abs(x.astype(np.int64) - y) + z,
    "usad": lambda x, y, z: np.abs(x.astype(np.int64) - y) + z,
}  # fmt: skip
_REINTERPRETED = {
    "int_as_float": np.float32, "uint_as_float": np.float32, "float_as_int": np.int32, "float_as_uint": np.uint32,
    "longlong_as_double": np.float64, "double_as_longlong": np.int64,
}  # fmt: skip


def find(symbol: str) -> Callable[..., np.ndarray] | None:
    """The function on numpy arrays that stands for libdevice's ``symbol``, e.g. ``__nv_tanhf``; None if unknown."""
    name = symbol.removeprefix("__nv_")
    if name in _REINTERPRETED:
        target = _REINTERPRETED[name]
        return lambda x: np.ascontiguousarray(x).view(target)
    for table in (_ROUNDED, _INTEGER, _FLOAT):
        if name in table:
            return table[name]
    single = name[:-1] if name.endswith("f") else None
    if single in _FLOAT:
        return _FLOAT[single]
    # Conversions: float2int_rn, double2float_rz, ll2double_rn ...
    if "2" in name and name[-3:-2] == "_":
        target = name[:-3].split("2")[1]
        if target in ("int", "uint", "ll", "ull"):
            return _DIRECTIONS.get(name[-2:])
        return (lambda x: x) if name.endswith("rn") else None
    return {"isnand": np.isnan, "isinfd": np.isinf, "signbitd": np.signbit, "finitef": np.isfinite}.get(name)


def _extern_elementwise(
    _builder: Any,
    _library: str,
    _path: str,
    symbol: str,
    arguments: list[TensorHandle],
    result: Any,
    _pure: bool,
) -> TensorHandle:
    function = find(symbol)
    if function is None:
        raise NotImplementedError(f"libdevice's {symbol} is not available without a GPU")
    data = np.asarray(function(*(handle.data for handle in arguments)))
    return TensorHandle(data.astype(interpreter._get_np_dtype(result.scalar)), result.scalar)


def _bound(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        keywords.update(upstream.semantic_keywords())
        try:
            return function(*arguments, **keywords)
        except KeyError as error:
            # Triton looks the argument types up in a table and lets the bare KeyError out.
            types = ", ".join(str(t) for t in error.args[0]) if error.args else "these types"
            raise TypeError(f"libdevice.{function.__name__} takes no arguments of type {types}") from None
        except ValueError as error:
            # Older versions say what they looked for.
            if "input arg type does not match" not in str(error):
                raise
            types = ", ".join(str(a.dtype) for a in arguments if isinstance(a, tl.tensor))
            raise TypeError(f"libdevice.{function.__name__} takes no arguments of type {types}") from None

    return call


def install() -> None:
    """Give both libdevice modules, the generic one and CUDA's, functions that run on the CPU."""
    import triton.language.extra.cuda as cuda
    import triton.language.extra.libdevice as generic

    InterpreterBuilder.create_extern_elementwise = _extern_elementwise
    for name, function in inspect.getmembers(cuda.libdevice, tl.core.is_builtin):
        bound = _bound(function)
        setattr(cuda.libdevice, name, bound)
        setattr(generic, name, bound)
    for name in ("gdc_wait", "gdc_launch_dependents"):
        if hasattr(cuda, name):
            # Programmatic dependent launch orders grids that overlap; here they never do.
            setattr(cuda, name, lambda **_keywords: None)
