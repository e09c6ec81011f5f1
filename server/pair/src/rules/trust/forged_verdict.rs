//! FW418: the code ends the process, runs at its end, or prints what looks like a verdict.

use super::{add, deeds, plain, uses};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Concern, What, When};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::ForgedVerdict,
    code: "FW418",
    name: "forged-verdict",
    severity: Severity::Error,
    summary: "The code ends the process, runs at its end, or prints what looks like a verdict.",
    why: "A pair is judged by what it returns. What it prints is not read, and a process that ends early \
          has no result. Raise an error for what is not handled.",
    fix: None,
    bad: include_str!("../examples/FW418-bad.py"),
    good: include_str!("../examples/FW418-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    // What only the author runs by hand, in TEST, may print and exit as it likes.
    let by_hand = |kind: BlockKind, when: When| kind == BlockKind::Test && when == When::Elsewhere;
    for (kind, when, range, path) in uses(file, &[Concern::Exit]) {
        if !by_hand(kind, when) {
            let message =
                format!("`{}` ends the process or runs at its end: raise an error instead", plain(path));
            add(found, Rule::ForgedVerdict, range, message);
        }
    }
    for (kind, deed) in deeds(file) {
        for event in &deed.trace.events {
            let message = match event.what {
                What::Finalizer => {
                    "`__del__` runs when nobody looks: do the work when the function is called"
                }
                What::Print if !by_hand(kind, event.when) => {
                    "this looks like a verdict, which only the judge gives: remove it"
                }
                _ => continue,
            };
            add(found, Rule::ForgedVerdict, event.range, message);
        }
    }
}
