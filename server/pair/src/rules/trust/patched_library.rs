//! FW405: a part of torch, triton, time, builtins or another library is replaced.

use super::{add, deeds, plain, uses};
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Concern, What};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::PatchedLibrary,
    code: "FW405",
    name: "patched-library",
    severity: Severity::Error,
    summary: "A part of torch, triton, time, builtins or another library is replaced.",
    why: "Whoever replaces what a library does changes what is measured and compared, for this pair and \
          for what comes after it in the same process. Define a function of your own instead.",
    fix: None,
    bad: include_str!("../examples/FW405-bad.py"),
    good: include_str!("../examples/FW405-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for (_, deed) in deeds(file) {
        for event in &deed.trace.events {
            if let What::Patch(path) = event.what {
                let path = plain(deed.path(path));
                let message = format!(
                    "`{path}` is replaced, and it is not this pair's to change: define a function of your own"
                );
                add(found, Rule::PatchedLibrary, event.range, message);
            }
        }
    }
    for (_, _, range, path) in uses(file, &[Concern::Patch]) {
        let message = format!("`{}` replaces parts of libraries: define a function of your own", plain(path));
        add(found, Rule::PatchedLibrary, range, message);
    }
}
