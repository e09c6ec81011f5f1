//! FW417: the test inputs cannot tell right from wrong: all constant, or the same in every run.

use super::{add, uses};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Concern, When};
use crate::file::File;
use crate::inputs::Inputs;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::WeakInputs,
    code: "FW417",
    name: "weak-inputs",
    severity: Severity::Error,
    summary: "The test inputs cannot tell right from wrong: all constant, or the same in every run.",
    why: "On zeros or ones most wrong kernels are right, and memory that nobody wrote is mostly zeros. What is drawn and then \
          multiplied by 0, or filled with one number, is no better. A mask, a bias or a state of zeros beside drawn \
          inputs is fine. Draw the inputs: `torch.randn`, `torch.rand`, `torch.randint`. A seed in TEST is replaced \
          by the judge's own, so that no candidate can know the inputs: it is pointed out, and no fault.",
    fix: None,
    bad: include_str!("../examples/FW417-bad.py"),
    good: include_str!("../examples/FW417-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let Some(test) = file.section(BlockKind::Test) else { return };
    let deeds = &file.deeds;
    if deeds.inputs_are_whole && !deeds.inputs.is_empty() && deeds.inputs.iter().all(|input| input.one_number)
    {
        let range = ["get_test_inputs", "get_inputs"]
            .into_iter()
            .find_map(|name| test.outline.callable(name))
            .map_or(test.block.opening, |callable| callable.name_range);
        let message = "every input is empty, one number or memory that nobody wrote, so that most wrong results look right: draw the inputs \
                       with `torch.randn` or `torch.randint`";
        add(found, Rule::WeakInputs, range, message);
    }
    for (kind, when, range, path) in uses(file, &[Concern::Seed]) {
        // The main block is the author's own bench.
        let by_hand = file.inputs == Some(Inputs::MainBlock);
        if kind == BlockKind::Test && !by_hand && matches!(when, When::Entry | When::Load) {
            let message = format!(
                "`{path}` makes the inputs the same in every run, and the judge draws its own: remove it"
            );
            let mut diagnostic = Diagnostic::new(Rule::WeakInputs, range, message);
            diagnostic.severity = Severity::Info;
            found.push(diagnostic);
        }
    }
}
