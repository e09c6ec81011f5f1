//! FW406: the code looks into the running interpreter: its objects, frames, modules or memory.

use super::{add, deeds, plain, uses};
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Concern, What};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::InterpreterInternals,
    code: "FW406",
    name: "interpreter-internals",
    severity: Severity::Error,
    summary: "The code looks into the running interpreter: its objects, frames, modules or memory.",
    why: "`gc`, `ctypes`, `inspect`, frames, closures and `sys.modules` lead to values that the code was \
          not given, such as the expected result, and to parts of the judge. A pair needs its arguments \
          alone.",
    fix: None,
    bad: include_str!("../examples/FW406-bad.py"),
    good: include_str!("../examples/FW406-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, range, path) in uses(file, &[Concern::Internals]) {
        let message =
            format!("`{}` looks into the running interpreter: work with the arguments alone", plain(path));
        add(found, Rule::InterpreterInternals, range, message);
    }
    for (_, deed) in deeds(file) {
        for event in &deed.trace.events {
            let message = match event.what {
                What::Internals(name) => {
                    format!("`{name}` lays open the interpreter's own objects: work with the arguments alone")
                }
                What::WhoRuns(name) => format!(
                    "`{name}` tells whether the kernel is compiled or interpreted, and so who judges it: do the \
                     same work for all"
                ),
                _ => continue,
            };
            let told = found
                .iter()
                .any(|other| other.severity == Severity::Error && other.range.contains_range(event.range));
            if !told {
                add(found, Rule::InterpreterInternals, event.range, message);
            }
        }
    }
}
