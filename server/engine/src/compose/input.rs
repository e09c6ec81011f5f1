//! One argument of a reference, and how TEST draws it.

/// Where an argument's values come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Draw {
    /// Normal numbers.
    Normal,
    /// Normal numbers around a mean that differs along all dimensions but the given ones.
    Around(Vec<usize>),
    /// Normal numbers made so small that a sum of as many products is of ordinary size.
    Weights(usize),
    /// Numbers from 0.5 to 1.5.
    Positive,
    /// Numbers from 0 to 1.
    Unit,
    /// Truth values, true for the given part.
    Keep(&'static str),
    /// 0, or for one in five a large negative number, to be added.
    Mask,
    /// Integers from 0 up to a limit.
    Below(usize),
    /// All that 8 bits hold but -128.
    Int8,
    /// Logarithms of rows of probabilities.
    LogProbabilities,
    /// What other arguments are made of; no argument itself.
    Local(String),
    /// A number, or an expression of the arguments before it.
    Written(String),
}

/// One argument.
#[derive(Debug, Clone)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) draw: Draw,
    /// What is added behind `device="cuda"` where the values are floating point.
    pub(super) dtype: &'static str,
}

impl Input {
    /// The line of `get_test_inputs()` that makes it.
    pub(super) fn line(&self) -> String {
        let shape = self.shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        let dtype =
            if self.dtype == "float32" { String::new() } else { format!(", dtype=torch.{}", self.dtype) };
        let drawn = |function: &str| format!("torch.{function}({shape}, device=\"cuda\"{dtype})");
        // What has no such draw in half precision is drawn in single precision and rounded.
        let rounded = |text: String| {
            if self.dtype == "float32" { text } else { format!("({text}).to(torch.{})", self.dtype) }
        };
        let value = match &self.draw {
            Draw::Normal => drawn("randn"),
            Draw::Around(along) => {
                let sizes = self.shape.iter().enumerate();
                let sizes = sizes.map(|(place, size)| if along.contains(&place) { 1 } else { *size });
                let means = sizes.map(|size| size.to_string()).collect::<Vec<_>>().join(", ");
                let means = format!("torch.randn({means}, device=\"cuda\"{dtype})");
                format!("{}\n    {} += {means}", drawn("randn"), self.name)
            }
            Draw::Weights(count) => format!("{} * {}", drawn("randn"), inverse_root(*count)),
            Draw::Positive => format!("{} + 0.5", drawn("rand")),
            Draw::Unit => drawn("rand"),
            Draw::Keep(part) => format!("torch.rand({shape}, device=\"cuda\") < {part}"),
            Draw::Mask => {
                rounded(format!("torch.where(torch.rand({shape}, device=\"cuda\") < 0.8, 0.0, -10000.0)"))
            }
            Draw::Below(limit) => format!("torch.randint(0, {limit}, ({}), device=\"cuda\")", tuple(&shape)),
            Draw::Int8 => {
                format!("torch.randint(-127, 128, ({}), device=\"cuda\", dtype=torch.int8)", tuple(&shape))
            }
            Draw::LogProbabilities => format!("{}.log_softmax(dim=-1)", drawn("randn")),
            Draw::Written(text) | Draw::Local(text) => text.clone(),
        };
        format!("    {} = {value}\n", self.name)
    }
}

fn tuple(shape: &str) -> String {
    if shape.contains(',') { shape.to_owned() } else { format!("{shape},") }
}

/// `1 / sqrt(count)`, to two or three digits.
fn inverse_root(count: usize) -> String {
    let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    let value = f64::from(count).sqrt().recip();
    let digits = if value < 0.1 { 3 } else { 2 };
    format!("{value:.digits$}").trim_end_matches('0').to_owned()
}

/// The names of those that are handed over.
pub(super) fn arguments(inputs: &[Input]) -> Vec<&str> {
    let handed = inputs.iter().filter(|input| !matches!(input.draw, Draw::Local(_)));
    handed.map(|input| input.name.as_str()).collect()
}

/// The TEST block that makes the arguments.
pub(super) fn test_block(inputs: &[Input]) -> String {
    let lines: String = inputs.iter().map(Input::line).collect();
    let names = arguments(inputs);
    let returned = match names.as_slice() {
        [one] => format!("({one},)"),
        _ => names.join(", "),
    };
    format!("import torch\n\n\ndef get_test_inputs():\n{lines}    return {returned}\n")
}
