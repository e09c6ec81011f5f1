//! `FW3xx`: what is wrong with the kernels and with the code that launches them.

mod arange_bounds;
mod autotune_mismatch;
mod constant_grid;
mod dot_precision;
mod dot_too_small;
mod global_not_constexpr;
mod host_synchronisation;
mod low_precision_sum;
mod mask_without_other;
mod offset_overflow;
mod output_allocation;
mod several_launches;
mod size_not_constexpr;
mod strides_assumed;
mod unavailable_api;
mod unmasked_access;
mod unsupported_python;

use ruff_python_ast::Expr;
use ruff_text_size::{Ranged, TextRange};

use super::About;
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::{File, Section};
use crate::pair_file::slice;
use crate::triton::{Assigned, Constness, Device, Integers, Kernel, Taints};

/// What is said about these rules, by code.
pub(super) const TABLE: [About; 17] = [
    arange_bounds::ABOUT,
    size_not_constexpr::ABOUT,
    unmasked_access::ABOUT,
    mask_without_other::ABOUT,
    unsupported_python::ABOUT,
    global_not_constexpr::ABOUT,
    dot_precision::ABOUT,
    dot_too_small::ABOUT,
    low_precision_sum::ABOUT,
    offset_overflow::ABOUT,
    host_synchronisation::ABOUT,
    strides_assumed::ABOUT,
    output_allocation::ABOUT,
    several_launches::ABOUT,
    autotune_mismatch::ABOUT,
    constant_grid::ABOUT,
    unavailable_api::ABOUT,
];

/// What all of these rules read, gathered once.
struct Context<'f, 'a> {
    file: &'f File<'a>,
    section: &'f Section<'a>,
    device: &'f Device<'a>,
    /// By kernel: the ways to launch it, and what its values are made of.
    integers: Vec<Vec<Integers<'f, 'a>>>,
    taints: Vec<Taints<'f, 'a>>,
    /// The functions that run when the candidate is called.
    reachable: Vec<usize>,
}

/// Runs the rules.
pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let (Some(device), Some(section)) = (&file.device, file.sound(BlockKind::Triton)) else { return };
    let context = Context {
        file,
        section,
        device,
        integers: (0..device.kernels.len()).map(|at| Integers::all(device, at)).collect(),
        taints: device.kernels.iter().map(|kernel| Taints::of(device, kernel)).collect(),
        reachable: match &file.entry {
            Some(Ok(entry)) => device.host.reachable(entry.candidate.name),
            _ => Vec::new(),
        },
    };
    for check in [
        arange_bounds::check,
        size_not_constexpr::check,
        unmasked_access::check,
        mask_without_other::check,
        unsupported_python::check,
        global_not_constexpr::check,
        dot_precision::check,
        dot_too_small::check,
        low_precision_sum::check,
        offset_overflow::check,
        host_synchronisation::check,
        strides_assumed::check,
        output_allocation::check,
        several_launches::check,
        autotune_mismatch::check,
        constant_grid::check,
        unavailable_api::check,
    ] {
        check(&context, found);
    }
}

impl<'f, 'a> Context<'f, 'a> {
    /// The kernels with their places.
    fn kernels(&self) -> impl Iterator<Item = (usize, &'f Kernel<'a>)> {
        self.device.kernels.iter().enumerate()
    }

    /// The text of a range.
    fn text(&self, range: impl Ranged) -> &'f str {
        slice(self.file.text, range.range()).unwrap_or_default()
    }

    /// Why a size is no constant, and how it becomes one: the words behind "`n` …" and the fix.
    fn not_constant(&self, kernel: &Kernel<'a>, size: &'a Expr) -> Option<(String, Option<Fix>)> {
        let (words, fix) = self.cause(kernel, size)?;
        let alone = |range| self.is_only_cause(kernel, size, range);
        let (Constness::Parameter(range) | Constness::Local(range)) = self.device.constness(kernel, size)
        else {
            return Some((words, None));
        };
        Some((words, fix.filter(|_| alone(range))))
    }

    /// Whether an expression would be constant if one name were.
    fn is_only_cause(&self, kernel: &Kernel<'a>, expression: &'a Expr, name: TextRange) -> bool {
        let of = |one| self.is_only_cause(kernel, one, name);
        match expression {
            Expr::BinOp(binary) => of(&binary.left) && of(&binary.right),
            Expr::UnaryOp(unary) => of(&unary.operand),
            other => match self.device.constness(kernel, other) {
                Constness::Constant => true,
                Constness::Parameter(range) | Constness::Local(range) => range == name,
                Constness::Computed | Constness::Unknown => false,
            },
        }
    }

    fn cause(&self, kernel: &Kernel<'a>, size: &'a Expr) -> Option<(String, Option<Fix>)> {
        let text = self.text(size);
        match self.device.constness(kernel, size) {
            Constness::Parameter(range) => {
                let name = self.text(range);
                let fix = annotate(name, range);
                Some((
                    format!("`{name}` is no constant: annotate the parameter, `{name}: tl.constexpr`"),
                    Some(fix),
                ))
            }
            Constness::Local(range) => {
                let name = self.text(range);
                let assigned = kernel.given(name).find_map(|assigned| match *assigned {
                    Assigned::Value { value, alone: true, range: at, .. } if at == range => Some(value),
                    _ => None,
                });
                let fix = assigned
                    .filter(|value| {
                        kernel.value(name).is_some()
                            && self.device.constness(kernel, value) == Constness::Constant
                    })
                    .map(|_| annotate(name, range));
                Some((
                    format!(
                        "`{name}` becomes a tensor when it is assigned: write `{name}: tl.constexpr = …`"
                    ),
                    fix,
                ))
            }
            Constness::Computed => Some((
                format!("`{text}` is known only when the kernel runs: pass it as a `tl.constexpr` parameter"),
                None,
            )),
            Constness::Constant | Constness::Unknown => None,
        }
    }

    /// A size that is constant and known, and where it is written: in the kernel, or at a launch.
    fn bad_sizes(
        &self,
        kernel: usize,
        size: &'a Expr,
        is_bad: impl Fn(i64) -> bool,
    ) -> Option<(i64, TextRange)> {
        for integers in &self.integers[kernel] {
            if let Some(value) = integers.value(size).filter(|value| is_bad(*value)) {
                let place = match size {
                    Expr::Name(name) => integers.place(name.id.as_str()),
                    _ => None,
                };
                return Some((value, place.unwrap_or_else(|| size.range())));
            }
        }
        None
    }

    /// The change of a number to the next power of two, where the number itself is written there.
    fn round_up(&self, value: i64, place: TextRange) -> Option<Fix> {
        let next =
            u64::try_from(value).ok().filter(|value| (1..1 << 20).contains(value))?.next_power_of_two();
        (self.text(place) == value.to_string()).then(|| {
            Fix::unsafe_(format!("Round up to {next}"), vec![Edit::replace(place, next.to_string())])
        })
    }
}

/// The annotation of a name as a constant. A name in capitals is a block size; another may be meant to change from
/// launch to launch.
fn annotate(name: &str, range: TextRange) -> Fix {
    let edits = vec![Edit::insert(range.end(), ": tl.constexpr")];
    let title = format!("Annotate `{name}: tl.constexpr`");
    if name.chars().any(char::is_lowercase) { Fix::unsafe_(title, edits) } else { Fix::safe(title, edits) }
}

/// What stands in a branch may never be compiled.
fn severity(conditional: bool) -> Severity {
    if conditional { Severity::Warning } else { Severity::Error }
}
