//! Beginnings of what a pair lacks: blocks, and inputs drafted from the reference's signature.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextSize};

use crate::analysis::with_file;
use crate::block::BlockKind;
use crate::diagnostic::{Edit, Fix};
use crate::file::File;
use crate::layout::Problem;
use crate::outline::{Callable, What, method};
use crate::pair_file::{PairFile, slice};
use crate::rules::{add_import, block_insertion};
use crate::test_inputs::conversion;

impl PairFile {
    /// The change that adds the missing blocks, each with a beginning made of what is there: a kernel with its wrapper,
    /// a reference, inputs. None where no block is missing. What is there stays as it is.
    pub fn scaffolding(&self) -> Option<Fix> {
        with_file(self.text(), |file| scaffolding(&file)).ok()?
    }

    /// The change that gives TEST a function with inputs as the reference's signature suggests them. None where TEST
    /// has inputs, or where there is no reference to go by.
    pub fn drafted_inputs(&self) -> Option<Fix> {
        with_file(self.text(), |file| drafted_inputs(&file)).ok()?
    }

    /// The change that moves the inputs of the main block into `get_test_inputs()`. None where that is not certain to
    /// give the same inputs.
    pub fn moved_inputs(&self) -> Option<Fix> {
        self.with_test_inputs()?;
        with_file(self.text(), |file| conversion(&file)).ok()?
    }
}

/// What a reference, or a candidate, takes.
struct Subject<'a> {
    name: &'a str,
    /// The parameters of the function, or of the module's `forward`.
    parameters: Vec<Parameter<'a>>,
    /// The parameters of the module's `__init__`, if it is one.
    init: Option<Vec<Parameter<'a>>>,
}

/// One parameter, with its annotation and its default as they are written.
struct Parameter<'a> {
    name: &'a str,
    annotation: Option<&'a str>,
    /// `None` as text where it means something here alone.
    default: Option<&'a str>,
    keyword_only: bool,
}

fn scaffolding(file: &File<'_>) -> Option<Fix> {
    let missing: Vec<BlockKind> = file
        .layout
        .problems
        .iter()
        .filter_map(|problem| match *problem {
            Problem::Missing(kind) => Some(kind),
            _ => None,
        })
        .collect();
    if missing.is_empty() {
        return None;
    }
    let reference = subject(file, BlockKind::Python);
    let candidate = subject(file, BlockKind::Triton);
    let edits: Option<Vec<Edit>> = missing
        .into_iter()
        .map(|kind| {
            let body = match kind {
                BlockKind::Python => python(candidate.as_ref()),
                BlockKind::Triton => triton(reference.as_ref()),
                BlockKind::Test => {
                    format!("import torch\n\n\n{}", inputs(reference.as_ref().or(candidate.as_ref())))
                }
            };
            block_insertion(file, kind, &body.replace('\n', file.newline))
        })
        .collect();
    Some(Fix::unsafe_("Scaffold the missing blocks", edits?))
}

fn drafted_inputs(file: &File<'_>) -> Option<Fix> {
    if file.inputs.is_some() || !file.errors.is_empty() {
        return None;
    }
    let test = file.section(BlockKind::Test)?;
    let reference = subject(file, BlockKind::Python)?;
    let names =
        if reference.init.is_some() { &["get_inputs", "get_init_inputs"][..] } else { &["get_test_inputs"] };
    if names.iter().any(|name| test.names.bound.contains(name)) {
        return None;
    }
    let mut edits = Vec::new();
    if !test.names.bound.contains("torch") {
        edits.push(add_import(file, test, "import torch"));
    }
    let content = test.block.content;
    let code = slice(file.text, content)?;
    // Behind what is there, before the blank lines that end the block.
    let kept = code.trim_end().len();
    let at = if kept == 0 {
        content.end()
    } else {
        file.lines.next_line(content.start() + size(kept)).min(content.end())
    };
    let blank = if kept == 0 { "" } else { "\n\n" };
    let drafted = format!("{blank}{}", inputs(Some(&reference))).replace('\n', file.newline);
    edits.push(Edit::insert(at, format!("{}{drafted}", file.line_end_before(at))));
    Some(Fix::unsafe_(format!("Draft the inputs from the signature of {}", reference.name), edits))
}

/// The function, or the module, that a block is about: even where the other block is not there yet.
pub(crate) fn callable<'a>(file: &File<'a>, kind: BlockKind) -> Option<Callable<'a>> {
    let section = file.sound(kind)?;
    let outline = &section.outline;
    let (module, found) = match (&file.entry, kind) {
        (Some(Ok(entry)), BlockKind::Python) => ("Model", Some(entry.reference)),
        (Some(Ok(entry)), BlockKind::Triton) => ("ModelNew", Some(entry.candidate)),
        (_, BlockKind::Python) => ("Model", None),
        _ => ("ModelNew", None),
    };
    let function = |one: &&Callable<'_>| {
        !one.triton && !section.names.helpers.contains(one.name) && matches!(one.what, What::Function(_))
    };
    found.or_else(|| outline.callable(module).or_else(|| outline.callables.iter().rfind(function)).copied())
}

/// The name that a wrapper has by the convention that a reference's name follows.
pub(crate) fn candidate_name(reference: &str) -> String {
    if reference == "Model" {
        return "ModelNew".to_owned();
    }
    for (suffix, instead) in [("_pytorch", "_triton_wrapper"), ("_torch", "_triton")] {
        if let Some(base) = reference.strip_suffix(suffix) {
            return format!("{base}{instead}");
        }
    }
    let base = reference.strip_prefix("pytorch_").or_else(|| reference.strip_prefix("torch_"));
    base.map_or_else(|| reference.to_owned(), |base| format!("triton_{base}"))
}

/// What a block's function, or its module, takes.
fn subject<'a>(file: &'a File<'_>, kind: BlockKind) -> Option<Subject<'a>> {
    let found = callable(file, kind)?;
    match found.what {
        What::Function(function) => {
            Some(Subject { name: found.name, parameters: parameters(file, function, 0), init: None })
        }
        What::Class(class) => {
            let init =
                method(class, "__init__").map(|function| parameters(file, function, 1)).unwrap_or_default();
            let forward = method(class, "forward")?;
            Some(Subject { name: found.name, parameters: parameters(file, forward, 1), init: Some(init) })
        }
        What::Alias(_) => None,
    }
}

fn parameters<'a>(file: &'a File<'_>, function: &'a ast::StmtFunctionDef, skip: usize) -> Vec<Parameter<'a>> {
    let all = &function.parameters;
    let text = |one: &Expr| slice(file.text, one.range()).unwrap_or_default();
    let read = |one: &'a ast::ParameterWithDefault, keyword_only| Parameter {
        name: one.name().id.as_str(),
        annotation: one.annotation().map(text),
        default: one.default().map(|default| if is_literal(default) { text(default) } else { "None" }),
        keyword_only,
    };
    let positional = all.posonlyargs.iter().chain(&all.args).skip(skip).map(|one| read(one, false));
    positional.chain(all.kwonlyargs.iter().map(|one| read(one, true))).collect()
}

/// The functions that give inputs.
fn inputs(subject: Option<&Subject<'_>>) -> String {
    let Some(subject) = subject else {
        return "def get_test_inputs():\n    x = torch.randn(128, 256, device=\"cuda\")\n    return (x,)\n"
            .to_owned();
    };
    let Some(init) = &subject.init else {
        return function("get_test_inputs", subject.name, &subject.parameters, '(');
    };
    let forward = function("get_inputs", &format!("{}.forward", subject.name), &subject.parameters, '[');
    let init = function("get_init_inputs", &format!("{}.__init__", subject.name), init, '[');
    format!("{forward}\n\n{init}")
}

fn function(name: &str, of: &str, parameters: &[Parameter<'_>], bracket: char) -> String {
    // What has a default is given by it.
    let given: Vec<_> = parameters.iter().filter(|one| one.default.is_none() && !one.keyword_only).collect();
    let mut text = format!("def {name}():\n");
    if given.is_empty() {
        return text + if bracket == '[' { "    return []\n" } else { "    return ()\n" };
    }
    text.push_str("    # Drafted from the signature of `");
    text.push_str(of);
    text.push_str("`: choose the sizes and the values.\n");
    for parameter in &given {
        // A parameter may bear the name of the module that makes its value.
        let name = if parameter.name == "torch" { "torch_" } else { parameter.name };
        for part in ["    ", name, " = ", value(parameter), "\n"] {
            text.push_str(part);
        }
    }
    let names: Vec<_> =
        given.iter().map(|one| if one.name == "torch" { "torch_" } else { one.name }).collect();
    let names = names.join(", ");
    text + &match (bracket, given.len()) {
        ('[', _) => format!("    return [{names}]\n"),
        (_, 1) => format!("    return ({names},)\n"),
        _ => format!("    return {names}\n"),
    }
}

/// A value that a parameter of this name and annotation is likely to take.
fn value(parameter: &Parameter<'_>) -> &'static str {
    const MATRIX: &str = "torch.randn(128, 256, device=\"cuda\")";
    match parameter.annotation.map(|annotation| annotation.trim_matches(['"', '\''])) {
        Some("int") => return integer(parameter.name),
        Some("float") => return "0.5",
        Some("bool") => return "True",
        Some("str") => return "\"\"",
        _ => {}
    }
    let name = parameter.name.to_ascii_lowercase();
    match name.as_str() {
        "eps" | "epsilon" => "1e-5",
        "p" | "dropout" | "dropout_p" | "prob" | "probability" | "rate" => "0.1",
        "scale" | "alpha" | "beta" | "slope" | "negative_slope" | "factor" | "momentum" | "temperature"
        | "threshold" | "sm_scale" => "0.5",
        "training" | "inplace" | "causal" | "is_causal" | "keepdim" => "True",
        "dim" | "axis" => "-1",
        "weight" | "w" | "weights" => "torch.randn(256, 256, device=\"cuda\")",
        "bias" | "b" | "gamma" | "shift" => "torch.randn(256, device=\"cuda\")",
        "index" | "indices" | "idx" | "ids" | "labels" | "target" | "targets" | "input_ids" | "token_ids" => {
            "torch.randint(0, 128, (128,), device=\"cuda\")"
        }
        "mask" | "attn_mask" | "attention_mask" => "torch.rand(128, 256, device=\"cuda\") < 0.5",
        "q" | "k" | "v" | "query" | "key" | "value" => "torch.randn(2, 8, 128, 64, device=\"cuda\")",
        _ if name.starts_with("num_")
            || name.starts_with("n_")
            || name.ends_with("_size")
            || name.ends_with("_dim") =>
        {
            integer(parameter.name)
        }
        "kernel_size" | "stride" | "padding" | "groups" | "k_size" | "size" | "length" | "in_features"
        | "out_features" | "in_channels" | "out_channels" => integer(parameter.name),
        _ => MATRIX,
    }
}

fn integer(name: &str) -> &'static str {
    match name {
        "stride" | "groups" | "padding" | "dilation" => "1",
        "kernel_size" => "3",
        "dim" | "axis" => "-1",
        "num_heads" | "n_heads" | "num_groups" => "8",
        _ => "256",
    }
}

/// Whether an expression means the same everywhere.
fn is_literal(value: &Expr) -> bool {
    match value {
        Expr::UnaryOp(unary) => is_literal(&unary.operand),
        other => other.is_literal_expr(),
    }
}

/// The parameters as another function takes them: names, and defaults that mean the same everywhere.
fn list(parameters: &[Parameter<'_>], before: &str) -> String {
    let mut parts: Vec<String> = if before.is_empty() { Vec::new() } else { vec![before.to_owned()] };
    let mut starred = false;
    for parameter in parameters {
        if parameter.keyword_only && !starred {
            starred = true;
            parts.push("*".to_owned());
        }
        parts.push(match parameter.default {
            Some(default) => format!("{}={default}", parameter.name),
            None => parameter.name.to_owned(),
        });
    }
    parts.join(", ")
}

fn python(candidate: Option<&Subject<'_>>) -> String {
    let Some(candidate) = candidate else {
        return "import torch\n\n\ndef fused_torch(x):\n    return torch.relu(x)\n".to_owned();
    };
    let what = "    raise NotImplementedError(\"write what the kernel computes, with PyTorch\")\n";
    if let Some(init) = &candidate.init {
        return format!(
            "import torch\n\n\nclass Model(torch.nn.Module):\n    def __init__({}):\n        super().__init__()\n\n    def forward({}):\n    {what}",
            list(init, "self"),
            list(&candidate.parameters, "self")
        );
    }
    let base =
        candidate.name.strip_suffix("_triton_wrapper").or_else(|| candidate.name.strip_suffix("_triton"));
    let name = base.map_or_else(|| candidate.name.to_owned(), |base| format!("{base}_torch"));
    format!("import torch\n\n\ndef {name}({}):\n{what}", list(&candidate.parameters, ""))
}

fn triton(reference: Option<&Subject<'_>>) -> String {
    let (name, first) = match reference {
        Some(reference) => (reference.name, reference.parameters.first().map_or("x", |one| one.name)),
        None => ("fused_torch", "x"),
    };
    let base = name.strip_suffix("_pytorch").or_else(|| name.strip_suffix("_torch"));
    let kernel = base.unwrap_or(name).to_lowercase();
    let text = format!(
        "import torch\nimport triton\nimport triton.language as tl\n\n\n@triton.jit\ndef {kernel}_kernel(x_ptr, out_ptr, size, \
         BLOCK: tl.constexpr):\n    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n    mask = offsets < size\n    x = \
         tl.load(x_ptr + offsets, mask=mask)\n    # Compute here what `{name}` does.\n    tl.store(out_ptr + offsets, x, \
         mask=mask)\n\n\n"
    );
    let launch = |indentation: &str| {
        [
            format!("{first} = {first}.contiguous()"),
            format!("out = torch.empty_like({first})"),
            format!("grid = (triton.cdiv({first}.numel(), 1024),)"),
            format!("{kernel}_kernel[grid]({first}, out, {first}.numel(), BLOCK=1024)"),
            "return out".to_owned(),
        ]
        .map(|line| format!("{indentation}{line}\n"))
        .concat()
    };
    let wrapper = match reference {
        Some(Subject { init: Some(init), parameters, .. }) => format!(
            "class ModelNew(torch.nn.Module):\n    def __init__({}):\n        super().__init__()\n\n    def forward({}):\n{}",
            list(init, "self"),
            list(parameters, "self"),
            launch("        ")
        ),
        Some(reference) => {
            let wrapper = candidate_name(name);
            format!("def {wrapper}({}):\n{}", list(&reference.parameters, ""), launch("    "))
        }
        None => format!("def fused_triton(x):\n{}", launch("    ")),
    };
    text + &wrapper
}

fn size(length: usize) -> TextSize {
    TextSize::new(crate::lines::to_u32(length))
}

#[cfg(test)]
mod tests {
    use crate::tests::good;
    use crate::{BlockKind, Inputs, PairFile, Severity};

    fn errors(file: &PairFile) -> Vec<&crate::Diagnostic> {
        file.diagnostics().iter().filter(|one| one.severity == Severity::Error).collect()
    }

    #[test]
    fn what_is_missing_gets_a_beginning_and_the_rest_stays_as_it_is() {
        let mut scaffolded = 0;
        for (name, text) in good() {
            let whole = PairFile::parse(&*text);
            assert_eq!(whole.scaffolding(), None, "{name}");
            assert_eq!(whole.drafted_inputs(), None, "{name}");
            for kind in BlockKind::ALL {
                let range = whole.block(kind).unwrap().range();
                let mut without = text.clone();
                without.replace_range(range.start().to_usize()..range.end().to_usize(), "");
                let file = PairFile::parse(&*without);
                let Some(fix) = file.scaffolding() else { continue };
                assert!(fix.edits.iter().all(|edit| edit.range.is_empty()), "{name}: only insertions");
                let mended = PairFile::parse(fix.apply(&without).unwrap());
                assert_eq!(mended.scaffolding(), None, "{name}");
                assert_eq!(mended.structure_error(), None, "{name} {kind:?}\n{}", mended.text());
                assert!(mended.entry_points().is_some(), "{name} {kind:?}\n{}", mended.text());
                if without.contains("\r\n") {
                    assert_eq!(mended.text().matches('\n').count(), mended.text().matches("\r\n").count());
                }
                scaffolded += 1;
            }
        }
        assert!(scaffolded > 30, "{scaffolded}");
    }

    #[test]
    fn a_lone_reference_becomes_a_pair_that_checks() {
        for python in [
            "import torch\ndef softmax_torch(x, scale, eps=1e-6, *, dim=-1):\n    return torch.softmax(x * scale, dim)\n",
            "import torch\ndef fused(x: torch.Tensor, n: int, flag: bool = True):\n    return x * n\n",
            "import torch\nclass Model(torch.nn.Module):\n    def __init__(self, size):\n        super().__init__()\n    def forward(self, x):\n        return x\n",
        ] {
            let text = format!("\"\"\"Some words.\"\"\"\n# <PYTHON>\n{python}");
            let file = PairFile::parse(&*text);
            let mended = PairFile::parse(file.scaffolding().unwrap().apply(&text).unwrap());
            assert!(mended.text().starts_with(&text));
            assert_eq!(errors(&mended), Vec::<&crate::Diagnostic>::new(), "{}", mended.text());
            assert!(mended.inputs().is_some() && mended.hash().is_some());
        }
    }

    #[test]
    fn a_reference_alone_says_what_its_candidate_is_called() {
        for (reference, candidate) in [
            ("def fused_kernel_pytorch(x): return x", "fused_kernel_triton_wrapper"),
            ("def relu_torch(x): return x", "relu_triton"),
            ("def torch_relu(x): return x", "triton_relu"),
            ("def relu(x): return x", "relu"),
            ("class Model:\n    def forward(self, x): return x", "ModelNew"),
        ] {
            let file = PairFile::parse(format!("# <PYTHON>\n{reference}\n"));
            assert!(file.entry_points().is_none());
            assert_eq!(file.candidate_name().as_deref(), Some(candidate));
            let mended = PairFile::parse(file.scaffolding().unwrap().apply(file.text()).unwrap());
            assert_eq!(mended.entry_points().unwrap().candidate.name, candidate);
        }
        assert_eq!(PairFile::parse("# <PYTHON>\nx = 1\n").reference(), None);
    }

    #[test]
    fn inputs_are_drafted_from_the_signature() {
        let text = "\"\"\"Norm.\"\"\"\n# <PYTHON>\nimport torch\ndef norm_torch(x, weight, bias, indices, eps, training=True):\n    return x\n# <TRITON>\nimport torch\nimport triton\n@triton.jit\ndef kernel():\n    pass\ndef norm_triton(x, weight, bias, indices, eps, training=True):\n    kernel[(1,)]()\n    return x\n# <TEST>\nLIMIT = 1\n\n\nif __name__ == \"__main__\":\n    print(LIMIT)\n";
        let file = PairFile::parse(text);
        let mended = PairFile::parse(file.drafted_inputs().unwrap().apply(text).unwrap());
        assert!(matches!(mended.inputs(), Some(Inputs::GetTestInputs(_))));
        insta::assert_snapshot!(mended.code(BlockKind::Test).unwrap());
        assert!(mended.text().ends_with("\n\n\nif __name__ == \"__main__\":\n    print(LIMIT)\n"));
    }
}
