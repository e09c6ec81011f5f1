//! Which names Triton's modules have, by version: as the released packages from 3.2 to 3.9 list them.

use super::modules::Member;
use super::version::Version;
use crate::diagnostic::Severity;

/// What the names of a module say of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Availability {
    /// It is there.
    Here,
    /// No version that is known has it.
    Nowhere,
    /// Versions before this one lack it.
    Since(Version),
    /// This version and those after it lack it.
    Until(Version),
    /// It is there and warns that it will go; the version that lacks it.
    Going(Version),
}

/// A module whose names are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApiModule {
    /// `triton.language`.
    Language,
    /// `triton.language.math`.
    Math,
    /// `triton.language.extra.libdevice` and `triton.language.extra.cuda.libdevice`.
    Libdevice,
}

/// The modules by their paths.
const MODULES: [(&str, ApiModule); 4] = [
    ("triton.language", ApiModule::Language),
    ("triton.language.math", ApiModule::Math),
    ("triton.language.extra.libdevice", ApiModule::Libdevice),
    ("triton.language.extra.cuda.libdevice", ApiModule::Libdevice),
];

impl ApiModule {
    /// The module of a path.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        MODULES.iter().find(|(known, _)| *known == path).map(|(_, module)| *module)
    }

    /// The module that a name is from.
    pub(crate) fn of(member: &Member<'_>) -> Option<Self> {
        MODULES.iter().find(|(known, _)| member.is_of(known)).map(|(_, module)| *module)
    }
}

/// Whether a module has a name, in one version or, where none is known, in all.
pub(crate) fn availability(module: ApiModule, name: &str, version: Option<Version>) -> Availability {
    // Names of Python's own, such as `__name__`, and private ones that changed with every release.
    if name.starts_with('_') && !name.starts_with("_experimental") {
        return Availability::Here;
    }
    let names = match module {
        ApiModule::Math => MATH,
        ApiModule::Libdevice => LIBDEVICE,
        ApiModule::Language => LANGUAGE,
    };
    let block_pointer = matches!((module, name), (ApiModule::Language, "make_block_ptr"));
    if !block_pointer && names.binary_search(&name).is_ok() {
        return Availability::Here;
    }
    let changing = CHANGING.iter().find(|(changing, ..)| module == ApiModule::Language && *changing == name);
    let Some(&(_, since, until)) = changing else {
        let newer = version.is_some_and(|version| version > Version::NEWEST);
        return if newer { Availability::Here } else { Availability::Nowhere };
    };
    let (since, until) = (Version::new(3, since), Version::new(3, until));
    match version {
        Some(version) if version < since => Availability::Since(since),
        Some(version) if version >= until => Availability::Until(until),
        Some(version) if block_pointer && version >= WARNS => Availability::Going(until),
        None if until <= Version::NEWEST => Availability::Going(until),
        // What only newer versions have was written for one of them.
        _ => Availability::Here,
    }
}

/// How bad it is to name something.
pub(crate) fn severity(availability: Availability) -> Option<Severity> {
    match availability {
        Availability::Here => None,
        Availability::Nowhere | Availability::Since(_) | Availability::Until(_) => Some(Severity::Error),
        Availability::Going(_) => Some(Severity::Info),
    }
}

/// What to write in place of a name that a module lacks: words for a person, and the text if it fits as it is.
pub(crate) fn replacement(module: ApiModule, name: &str) -> Option<(&'static str, Option<&'static str>)> {
    if module != ApiModule::Libdevice
        && LIBDEVICE.binary_search(&name).is_ok()
        && !matches!(name, "rint" | "round" | "pow" | "isnan" | "isinf")
    {
        return Some(("`libdevice` of `triton.language.extra` has it", None));
    }
    Some(match name {
        "libdevice" => ("import it: `from triton.language.extra import libdevice`", None),
        "make_block_ptr" | "advance" => ("use `tl.make_tensor_descriptor` or plain pointers", None),
        "_experimental_descriptor_load" => ("use `tl.make_tensor_descriptor(…).load`", None),
        "_experimental_descriptor_store" => ("use `tl.make_tensor_descriptor(…).store`", None),
        "_experimental_make_tensor_descriptor" => {
            ("it is `tl.make_tensor_descriptor` now", Some("make_tensor_descriptor"))
        }
        "rint" | "round" | "pow" | "isnan" | "isinf" => {
            ("`libdevice` of `triton.language.extra` has it", None)
        }
        "mean" => ("divide `tl.sum` by the number of elements", None),
        "relu" => ("write `tl.maximum(x, 0.0)`", None),
        "silu" | "swish" => ("write `x * tl.sigmoid(x)`", None),
        "gelu" => ("write it with `tl.erf`", None),
        "square" => ("write `x * x`", None),
        "reciprocal" => ("write `1.0 / x`", None),
        "prod" => ("use `tl.reduce`", None),
        "any" => ("use `tl.max` over the condition as integers", None),
        "all" => ("use `tl.min` over the condition as integers", None),
        "var" | "std" => ("make it of `tl.sum`", None),
        "concatenate" | "concat" => ("use `tl.cat` or `tl.join`", None),
        "transpose" => ("use `tl.trans`", Some("trans")),
        "matmul" | "mm" | "bmm" => ("use `tl.dot`", None),
        "empty" => ("use `tl.zeros`", None),
        "ones" => ("use `tl.full(shape, 1, dtype)`", None),
        "float" => ("name the width: `tl.float32`", Some("float32")),
        "half" => ("it is `tl.float16`", Some("float16")),
        "double" => ("it is `tl.float64`", Some("float64")),
        "int" => ("name the width: `tl.int32`", Some("int32")),
        "long" => ("it is `tl.int64`", Some("int64")),
        "bool" => ("it is `tl.int1`", Some("int1")),
        "uint" => ("name the width: `tl.uint32`", Some("uint32")),
        "float8e4" => ("name its variant: `tl.float8e4nv`", None),
        "syncthreads" | "barrier" => ("it is `tl.debug_barrier`", Some("debug_barrier")),
        "inf" => ("write `float(\"inf\")`", None),
        _ => return None,
    })
}

/// From this version on, block pointers warn.
const WARNS: Version = Version::new(3, 7);

/// No version yet.
const NEVER: u16 = u16::MAX;

/// Names of `triton.language` that all versions have. Sorted.
const LANGUAGE: &[&str] = &[
    "PropagateNan",
    "TRITON_MAX_TENSOR_NUMEL",
    "abs",
    "add",
    "arange",
    "argmax",
    "argmin",
    "associative_scan",
    "assume",
    "atomic_add",
    "atomic_and",
    "atomic_cas",
    "atomic_max",
    "atomic_min",
    "atomic_or",
    "atomic_xchg",
    "atomic_xor",
    "bfloat16",
    "block_type",
    "broadcast",
    "broadcast_to",
    "cast",
    "cat",
    "cdiv",
    "ceil",
    "clamp",
    "const",
    "constexpr",
    "core",
    "cos",
    "cumprod",
    "cumsum",
    "debug_barrier",
    "device_assert",
    "device_print",
    "div_rn",
    "dot",
    "dot_scaled",
    "dtype",
    "erf",
    "exp",
    "exp2",
    "expand_dims",
    "extra",
    "fdiv",
    "flip",
    "float16",
    "float32",
    "float64",
    "float8e4b15",
    "float8e4b8",
    "float8e4nv",
    "float8e5",
    "float8e5b16",
    "floor",
    "fma",
    "full",
    "histogram",
    "inline_asm_elementwise",
    "int1",
    "int16",
    "int32",
    "int64",
    "int8",
    "interleave",
    "join",
    "load",
    "log",
    "log2",
    "math",
    "max",
    "max_constancy",
    "max_contiguous",
    "maximum",
    "min",
    "minimum",
    "multiple_of",
    "num_programs",
    "pair_uniform_to_normal",
    "permute",
    "philox",
    "philox_impl",
    "pi32_t",
    "pointer_type",
    "program_id",
    "rand",
    "rand4x",
    "randint",
    "randint4x",
    "randn",
    "randn4x",
    "random",
    "range",
    "ravel",
    "reduce",
    "reshape",
    "rsqrt",
    "sigmoid",
    "sin",
    "softmax",
    "sort",
    "split",
    "sqrt",
    "sqrt_rn",
    "standard",
    "static_assert",
    "static_print",
    "static_range",
    "store",
    "str_to_ty",
    "sum",
    "swizzle2d",
    "tensor",
    "trans",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "uint_to_uniform_float",
    "umulhi",
    "view",
    "void",
    "where",
    "xor_sum",
    "zeros",
    "zeros_like",
];

/// Names of `triton.language` that some versions lack: the first minor version of 3 that has it, and the first after.
const CHANGING: &[(&str, u16, u16)] = &[
    ("make_block_ptr", 0, 9),
    ("_experimental_descriptor_load", 0, 4),
    ("_experimental_descriptor_store", 0, 4),
    ("_experimental_make_tensor_descriptor", 3, 4),
    ("_experimental_reinterpret_tensor_descriptor", 3, 4),
    ("_experimental_tensor_descriptor", 3, 4),
    ("advance", 0, 9),
    ("aggregate_replace", 8, NEVER),
    ("async_task", 4, 6),
    ("atomic_load", 9, NEVER),
    ("atomic_poll", 9, NEVER),
    ("atomic_store", 9, NEVER),
    ("bitonic_merge", 4, NEVER),
    ("condition", 5, NEVER),
    ("constexpr_function", 4, 5),
    ("constexpr_type", 5, NEVER),
    ("expect_zero", 8, NEVER),
    ("function_type", 0, 3),
    ("gather", 3, NEVER),
    ("load_tensor_descriptor", 4, NEVER),
    ("make_tensor_descriptor", 4, NEVER),
    ("map_elementwise", 5, NEVER),
    ("mul", 6, NEVER),
    ("nv_tma_desc_type", 0, 4),
    ("reduce_or", 4, NEVER),
    ("semantic", 0, 4),
    ("slice", 3, NEVER),
    ("squeeze", 7, NEVER),
    ("store_tensor_descriptor", 4, NEVER),
    ("sub", 6, NEVER),
    ("target_info", 5, NEVER),
    ("tensor_descriptor", 4, NEVER),
    ("tensor_descriptor_type", 4, NEVER),
    ("to_tensor", 7, NEVER),
    ("topk", 4, NEVER),
    ("tuple", 3, NEVER),
    ("tuple_type", 3, NEVER),
    ("unsqueeze", 7, NEVER),
];

/// Names of `triton.language.math`. Sorted.
const MATH: &[&str] = &[
    "List", "T", "abs", "ceil", "core", "cos", "div_rn", "erf", "exp", "exp2", "fdiv", "floor", "fma", "log",
    "log2", "rsqrt", "sin", "sqrt", "sqrt_rn", "umulhi", "wraps",
];

/// Names of `libdevice`. Sorted.
const LIBDEVICE: &[&str] = &[
    "abs",
    "acos",
    "acosh",
    "add_rd",
    "add_rn",
    "add_ru",
    "add_rz",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "brev",
    "byte_perm",
    "cbrt",
    "ceil",
    "clz",
    "copysign",
    "cos",
    "cosh",
    "cospi",
    "cyl_bessel_i0",
    "cyl_bessel_i1",
    "div_rd",
    "div_rn",
    "div_ru",
    "div_rz",
    "double2float_rd",
    "double2float_rn",
    "double2float_ru",
    "double2float_rz",
    "double2hiint",
    "double2int_rd",
    "double2int_rn",
    "double2int_ru",
    "double2int_rz",
    "double2ll_rd",
    "double2ll_rn",
    "double2ll_ru",
    "double2ll_rz",
    "double2loint",
    "double2uint_rd",
    "double2uint_rn",
    "double2uint_ru",
    "double2uint_rz",
    "double2ull_rd",
    "double2ull_rn",
    "double2ull_ru",
    "double2ull_rz",
    "double_as_longlong",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfinv",
    "exp",
    "exp10",
    "exp2",
    "expm1",
    "fast_cosf",
    "fast_dividef",
    "fast_exp10f",
    "fast_expf",
    "fast_log10f",
    "fast_log2f",
    "fast_logf",
    "fast_powf",
    "fast_sinf",
    "fast_tanf",
    "fast_tanhf",
    "fdim",
    "ffs",
    "finitef",
    "float2int_rd",
    "float2int_rn",
    "float2int_ru",
    "float2int_rz",
    "float2ll_rd",
    "float2ll_rn",
    "float2ll_ru",
    "float2ll_rz",
    "float2uint_rd",
    "float2uint_rn",
    "float2uint_ru",
    "float2uint_rz",
    "float2ull_rd",
    "float2ull_rn",
    "float2ull_ru",
    "float2ull_rz",
    "float_as_int",
    "float_as_uint",
    "floor",
    "fma",
    "fma_rd",
    "fma_rn",
    "fma_ru",
    "fma_rz",
    "fmod",
    "hadd",
    "hiloint2double",
    "hypot",
    "ilogb",
    "int2double_rn",
    "int2float_rd",
    "int2float_rn",
    "int2float_ru",
    "int2float_rz",
    "int_as_float",
    "isfinited",
    "isinf",
    "isnan",
    "j0",
    "j1",
    "jn",
    "ldexp",
    "lgamma",
    "ll2double_rd",
    "ll2double_rn",
    "ll2double_ru",
    "ll2double_rz",
    "ll2float_rd",
    "ll2float_rn",
    "ll2float_ru",
    "ll2float_rz",
    "llrint",
    "llround",
    "log",
    "log10",
    "log1p",
    "log2",
    "logb",
    "longlong_as_double",
    "mul24",
    "mul_rd",
    "mul_rn",
    "mul_ru",
    "mul_rz",
    "mulhi",
    "nearbyint",
    "nextafter",
    "norm3d",
    "norm4d",
    "normcdf",
    "normcdfinv",
    "popc",
    "pow",
    "rcbrt",
    "rcp64h",
    "rcp_rd",
    "rcp_rn",
    "rcp_ru",
    "rcp_rz",
    "remainder",
    "rhadd",
    "rhypot",
    "rint",
    "rnorm3d",
    "rnorm4d",
    "round",
    "rsqrt",
    "rsqrt_rn",
    "sad",
    "saturatef",
    "scalbn",
    "signbit",
    "sin",
    "sinh",
    "sinpi",
    "sqrt",
    "sqrt_rd",
    "sqrt_rn",
    "sqrt_ru",
    "sqrt_rz",
    "sub_rd",
    "sub_rn",
    "sub_ru",
    "sub_rz",
    "tan",
    "tanh",
    "tgamma",
    "trunc",
    "uint2double_rn",
    "uint2float_rd",
    "uint2float_rn",
    "uint2float_ru",
    "uint2float_rz",
    "uint_as_float",
    "ull2double_rd",
    "ull2double_rn",
    "ull2double_ru",
    "ull2double_rz",
    "ull2float_rd",
    "ull2float_rn",
    "ull2float_ru",
    "ull2float_rz",
    "y0",
    "y1",
    "yn",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        for list in [LANGUAGE, MATH, LIBDEVICE] {
            assert!(list.is_sorted());
        }
    }

    #[test]
    fn a_name_is_there_or_not_by_version() {
        let of = |name, version| availability(ApiModule::Language, name, version);
        let version = |minor| Some(Version::new(3, minor));
        assert_eq!(of("load", None), Availability::Here);
        assert_eq!(of("tanh", None), Availability::Nowhere);
        assert_eq!(of("tanh", version(6)), Availability::Nowhere);
        assert_eq!(of("tanh", version(10)), Availability::Here, "nobody knows what comes");
        assert_eq!(of("make_tensor_descriptor", version(3)), Availability::Since(Version::new(3, 4)));
        assert_eq!(of("make_tensor_descriptor", version(4)), Availability::Here);
        assert_eq!(of("make_tensor_descriptor", None), Availability::Here);
        assert_eq!(of("make_block_ptr", version(6)), Availability::Here);
        assert_eq!(of("make_block_ptr", version(7)), Availability::Going(Version::new(3, 9)));
        assert_eq!(of("make_block_ptr", version(9)), Availability::Until(Version::new(3, 9)));
        assert_eq!(of("make_block_ptr", None), Availability::Going(Version::new(3, 9)));
        assert_eq!(availability(ApiModule::Math, "tanh", None), Availability::Nowhere);
        assert_eq!(availability(ApiModule::Libdevice, "tanh", None), Availability::Here);
    }
}
