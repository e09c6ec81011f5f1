//! FW408: the code reaches files, the network, other programs or the environment.

use super::{add, plain, uses};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Concern, When};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::OutsideWorld,
    code: "FW408",
    name: "outside-world",
    severity: Severity::Error,
    summary: "The code reaches files, the network, other programs or the environment.",
    why: "A pair is a function of its inputs. What it reads from elsewhere can hold stored results, what \
          it writes can change the next run, and neither is there where the pair is run again.",
    fix: None,
    bad: include_str!("../examples/FW408-bad.py"),
    good: include_str!("../examples/FW408-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for (kind, when, range, path) in uses(file, &[Concern::Clock]) {
        if kind == BlockKind::Triton && when == When::Entry {
            let message = format!(
                "`{path}` reads the clock, by which calls can differ: compute from the arguments alone"
            );
            add(found, Rule::OutsideWorld, range, message);
        }
    }
    for (_, _, range, path) in uses(file, &[Concern::Outside]) {
        let message =
            format!("`{}` reaches outside of the pair: compute from the arguments alone", plain(path));
        add(found, Rule::OutsideWorld, range, message);
    }
}
