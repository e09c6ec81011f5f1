//! FW201: no function to compare.

use super::{About, Rule};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::entry::NotFound;
use crate::file::{File, Section};
use crate::outline::{Callable, What};

pub(super) const ABOUT: About = About {
    rule: Rule::NoEntryPoint,
    code: "FW201",
    name: "no-entry-point",
    severity: Severity::Error,
    summary: "A block has no function that could be compared.",
    why: "A verdict compares a function of PYTHON with one of TRITON. They are found by name (`NAME_torch` or \
          `NAME_pytorch` with `NAME_triton` or `NAME_triton_wrapper`), as the one name that both blocks define, or as \
          the only public function of a block, else its last; modules are `class Model` and `class ModelNew`. Kernels \
          and what is imported do not count.",
    fix: None,
    bad: include_str!("examples/FW201-bad.py"),
    good: include_str!("examples/FW201-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let (Some(python), Some(triton)) = (file.section(BlockKind::Python), file.section(BlockKind::Triton))
    else {
        return;
    };
    let Some(Err(NotFound::Missing { reference, candidate })) = &file.entry else { return };
    if *reference && python.is_sound() {
        let (range, message) = match class(python) {
            Some(class) => (
                class.name_range,
                format!(
                    "PYTHON defines the class `{}` and no function: add a function, or name the modules `Model` here and \
                     `ModelNew` in TRITON",
                    class.name
                ),
            ),
            None => (
                python.block.opening,
                "PYTHON defines no function to compare (imported ones do not count): add the PyTorch function".to_owned(),
            ),
        };
        found.push(Diagnostic::new(Rule::NoEntryPoint, range, message));
    }
    if *candidate && triton.is_sound() {
        let kernel = triton.outline.callables.iter().find(|callable| callable.jit);
        let (range, message) = match (kernel, class(triton)) {
            (Some(kernel), None) => (
                kernel.name_range,
                format!("TRITON has the kernel `{}` and no function that launches it: add a wrapper", kernel.name),
            ),
            (_, Some(class)) => (
                class.name_range,
                format!(
                    "TRITON defines the class `{}` and no function: add a function that calls it, or name the modules \
                     `Model` in PYTHON and `ModelNew` here",
                    class.name
                ),
            ),
            (None, None) => (
                triton.block.opening,
                "TRITON defines no function to compare (imported ones do not count): add the kernel and its wrapper"
                    .to_owned(),
            ),
        };
        found.push(Diagnostic::new(Rule::NoEntryPoint, range, message));
    }
}

fn class<'a>(section: &Section<'a>) -> Option<Callable<'a>> {
    section.outline.callables.iter().find(|callable| matches!(callable.what, What::Class(_))).copied()
}
