//! What calling a library's name does.

use super::ops::{Work, operator};

/// What calling a library's name does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Callee {
    /// An operator of torch, by its last name; none where the table does not know it.
    Operator(Option<&'static str>, Work),
    /// A layer: `torch.nn.Linear`.
    Layer,
    /// A container of layers, or a layer that computes nothing.
    Container,
    /// `torch.nn.Parameter` and its like: the tensor that it is given.
    Parameter,
    /// Numbers in, a number out: `math.sqrt`, `triton.cdiv`.
    Number,
    /// Another library that computes with tensors.
    Foreign,
    /// A library that computes with numbers as often as with tensors.
    Numpy,
    Jit,
    Cache,
    /// What it is given first, in another form: `torch.library.wrap_triton`, `torch.vmap`.
    Same,
    Synchronize,
    /// `torch.autograd.grad`.
    Backward,
    /// `torch.compile`.
    Compile,
    Getattr,
    Setattr,
    Partial,
    /// What it is given first, called with the rest: `torch.utils.checkpoint.checkpoint`.
    Applies,
    Starmap,
    Accumulate,
    Namespace,
    NamedTuple,
    FunctoolsReduce,
    MethodCaller,
    AttributeGetter,
    ItemGetter,
    Import,
    Length,
    Range,
    /// A number of something: `int`, `float`, `round`.
    ToNumber,
    Sum,
    Map,
    Collect,
    Dict,
    Zip,
    Enumerate,
    Type,
    Id,
    Hash,
    Chr,
    Str,
    Next,
    Print,
    Dumps,
    Vars,
    Super,
    /// `operator.getitem(container, key)`.
    GetItem,
    /// `operator.setitem(container, key, value)`.
    SetItem,
    Other,
}

/// What calling a path does.
pub(super) fn callee(path: &str) -> Callee {
    let Some((root, rest)) = path.split_once('.') else { return Callee::Other };
    match root {
        "builtins" => builtin(rest),
        "torch" => torch(rest),
        "triton" => match rest {
            "cdiv" | "next_power_of_2" | "language.cdiv" => Callee::Number,
            _ if rest.ends_with("jit") => Callee::Jit,
            _ => Callee::Other,
        },
        "math" | "cmath" => Callee::Number,
        "functools" => match rest {
            "partial" | "partialmethod" => Callee::Partial,
            "reduce" => Callee::FunctoolsReduce,
            "cache" | "lru_cache" => Callee::Cache,
            _ => Callee::Other,
        },
        "operator" | "_operator" => match rest {
            "methodcaller" => Callee::MethodCaller,
            "attrgetter" => Callee::AttributeGetter,
            "itemgetter" => Callee::ItemGetter,
            "index" => Callee::Number,
            "call" => Callee::Applies,
            "getitem" | "__getitem__" => Callee::GetItem,
            "setitem" | "__setitem__" => Callee::SetItem,
            _ => operator(rest).map_or(Callee::Other, |(name, work)| Callee::Operator(Some(name), work)),
        },
        "warnings" if rest == "warn" => Callee::Print,
        "logging" if matches!(rest, "info" | "warning" | "error" | "critical" | "debug" | "log") => {
            Callee::Print
        }
        "itertools" => match rest {
            "chain" | "chain.from_iterable" | "cycle" | "repeat" | "islice" => Callee::Collect,
            "starmap" => Callee::Starmap,
            "accumulate" => Callee::Accumulate,
            _ => Callee::Other,
        },
        "types" if rest == "SimpleNamespace" => Callee::Namespace,
        "collections" => match rest {
            "namedtuple" => Callee::NamedTuple,
            "OrderedDict" | "defaultdict" | "ChainMap" | "Counter" => Callee::Dict,
            "deque" => Callee::Collect,
            _ => Callee::Other,
        },
        "copy" => Callee::Operator(Some("clone"), Work::Move),
        "importlib" if rest == "import_module" => Callee::Import,
        "json" if rest == "dumps" => Callee::Dumps,
        "sys"
            if matches!(
                rest,
                "stdout.write"
                    | "stderr.write"
                    | "__stdout__.write"
                    | "__stderr__.write"
                    | "stdout.buffer.write"
                    | "stdout.writelines"
            ) =>
        {
            Callee::Print
        }
        "numpy" | "scipy" => Callee::Numpy,
        "einops" => match rest {
            "rearrange" => Callee::Operator(Some("view"), Work::View),
            "repeat" | "pack" | "unpack" => Callee::Operator(Some("repeat"), Work::Move),
            _ => Callee::Foreign,
        },
        _ if is_foreign(root) => Callee::Foreign,
        _ => Callee::Other,
    }
}

fn is_foreign(root: &str) -> bool {
    super::concern::module_concern(root) == Some(super::concern::Concern::Compute)
        || matches!(root, "opt_einsum" | "pandas" | "sklearn" | "mlx" | "tinygrad" | "cutile")
}

fn builtin(name: &str) -> Callee {
    match name {
        "getattr" => Callee::Getattr,
        "setattr" => Callee::Setattr,
        "__import__" => Callee::Import,
        "len" | "ord" => Callee::Length,
        "range" => Callee::Range,
        "int" | "float" | "bool" | "round" | "divmod" | "abs" | "pow" | "complex" => Callee::ToNumber,
        "sum" | "max" | "min" => Callee::Sum,
        "map" => Callee::Map,
        "list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "iter" | "filter" => Callee::Collect,
        "dict" => Callee::Dict,
        "zip" => Callee::Zip,
        "enumerate" => Callee::Enumerate,
        "type" => Callee::Type,
        "id" => Callee::Id,
        "hash" => Callee::Hash,
        "chr" => Callee::Chr,
        "str" | "repr" | "ascii" | "format" | "bytes" | "bytearray" => Callee::Str,
        "next" => Callee::Next,
        "print" => Callee::Print,
        "vars" => Callee::Vars,
        "super" => Callee::Super,
        "staticmethod" | "classmethod" => Callee::Same,
        _ => Callee::Other,
    }
}

/// Whether a name of torch's own begins like an operator's and is none: `torch._assert_async`.
fn is_no_operator(name: &str) -> bool {
    ["_assert", "_check", "_is_", "_has_", "_test", "_sync", "_functionalize"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// What calling a name of torch does.
fn torch(path: &str) -> Callee {
    let last = path.rsplit('.').next().unwrap_or(path);
    let of_table = |otherwise: Option<Work>| match (operator(last), otherwise) {
        (Some((name, work)), _) => Callee::Operator(Some(name), work),
        (None, Some(work)) => Callee::Operator(None, work),
        (None, None) => Callee::Other,
    };
    match path {
        "compile" => return Callee::Compile,
        "vmap"
        | "func.grad"
        | "func.grad_and_value"
        | "func.jacrev"
        | "func.jacfwd"
        | "func.hessian"
        | "func.functionalize"
        | "func.vmap"
        | "library.wrap_triton"
        | "library.capture_triton"
        | "compiler.disable"
        | "jit.script"
        | "jit.trace"
        | "_dynamo.disable"
        | "compiler.allow_in_graph" => return Callee::Same,
        "cuda.synchronize" | "cuda.current_stream.synchronize" => return Callee::Synchronize,
        "Size" | "numel" | "is_tensor" | "is_floating_point" | "device" | "dtype" => return Callee::Other,
        "tensor" => return Callee::Operator(Some("tensor"), Work::Filled),
        "cond" | "while_loop" | "associative_scan" => return Callee::Foreign,
        _ => {}
    }
    match path.split_once('.') {
        None if path.starts_with("_foreach_") || path.starts_with("_fused_") => {
            Callee::Operator(None, Work::Heavy)
        }
        // What torch keeps to itself: `torch._weight_norm`.
        None if path.starts_with('_')
            && !path.starts_with("__")
            && operator(path).is_none()
            && !is_no_operator(path) =>
        {
            Callee::Operator(None, Work::Heavy)
        }
        None | Some(("Tensor" | "FloatTensor" | "HalfTensor" | "_tensor" | "functional", _)) => {
            of_table(None)
        }
        Some(("special" | "linalg" | "fft" | "sparse" | "_refs" | "_prims" | "_decomp" | "signal", _)) => {
            of_table(Some(Work::Heavy))
        }
        Some(("ops", rest)) => {
            // `torch.ops.aten.mm.default`.
            let mut parts = rest.splitn(3, '.');
            let (space, name) = (parts.next(), parts.next());
            match (space, name) {
                (Some("aten" | "prims"), Some(name)) => match operator(name) {
                    Some((name, work)) => Callee::Operator(Some(name), work),
                    None => Callee::Operator(None, Work::Heavy),
                },
                (Some(_), Some(_)) => Callee::Foreign,
                _ => Callee::Other,
            }
        }
        Some(("_C", rest)) => {
            let computes = ["_nn.", "_linalg.", "_fft.", "_special.", "_sparse."];
            of_table(computes.iter().any(|part| rest.starts_with(part)).then_some(Work::Heavy))
        }
        Some(("_VF", _)) => of_table(Some(Work::Heavy)),
        Some(("nn", rest)) => match rest {
            "Parameter" | "parameter.Parameter" | "Buffer" => Callee::Parameter,
            "Identity" | "Module" | "ModuleList" | "ModuleDict" | "ParameterList" | "ParameterDict"
            | "Sequential" | "Flatten" | "Unflatten" => Callee::Container,
            "functional.unfold" | "functional.fold" => Callee::Operator(None, Work::Heavy),
            _ if rest.starts_with("functional.") => of_table(Some(Work::Heavy)),
            "init.zeros_" => Callee::Operator(Some("zero_"), Work::Move),
            "init.ones_" | "init.constant_" => Callee::Operator(Some("fill_"), Work::Move),
            _ if rest.starts_with("init.") => Callee::Operator(Some("normal_"), Work::Random),
            _ if rest.ends_with(".forward") || rest.ends_with(".__call__") => Callee::Foreign,
            _ if rest.starts_with("utils.param") || rest.ends_with("_norm") => Callee::Same,
            _ if rest.starts_with("utils.") || rest.starts_with("attention") => Callee::Other,
            _ if last.starts_with(char::is_uppercase) => Callee::Layer,
            _ => Callee::Other,
        },
        Some(("autograd", "grad" | "backward")) => Callee::Backward,
        Some(("autograd", rest)) if rest.starts_with("functional.") => Callee::Applies,
        Some(("utils", "checkpoint.checkpoint")) => Callee::Applies,
        Some(
            ("func", "functional_call" | "jvp" | "vjp" | "linearize")
            | ("nested" | "distributions" | "quantization" | "ao" | "_higher_order_ops", _),
        ) => Callee::Foreign,
        Some(("cuda", rest)) if rest.starts_with("comm.") => Callee::Foreign,
        _ => Callee::Other,
    }
}
