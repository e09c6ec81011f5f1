//! Inputs as the reference's signature suggests them.

use ruff_text_size::TextSize;

use super::subject::{Parameter, Subject, subject};
use crate::block::BlockKind;
use crate::diagnostic::{Edit, Fix};
use crate::file::File;
use crate::pair_file::slice;
use crate::rules::add_import;

/// The change that gives TEST a function with inputs; see [`crate::PairFile::drafted_inputs`].
pub(super) fn drafted_inputs(file: &File<'_>) -> Option<Fix> {
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

/// The functions that give inputs.
pub(super) fn inputs(subject: Option<&Subject<'_>>) -> String {
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

fn size(length: usize) -> TextSize {
    TextSize::new(crate::lines::to_u32(length))
}
