//! What to write in place of a name that a module of Triton lacks.

use super::ApiModule;
use super::names::LIBDEVICE;

/// Words for a person, and the text if it fits as it is.
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
