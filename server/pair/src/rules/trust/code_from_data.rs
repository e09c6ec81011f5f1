//! FW409: code or objects are made of data: `exec`, `eval`, `importlib`, `pickle`, decoded strings.

use super::{add, plain, uses};
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::Concern;
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::CodeFromData,
    code: "FW409",
    name: "code-from-data",
    severity: Severity::Error,
    summary: "Code or objects are made of data: `exec`, `eval`, `importlib`, `pickle`, decoded strings.",
    why: "What is put together at run time cannot be read, by a person or by a rule, and a dataset is \
          there to be read. Write the code as code.",
    fix: None,
    bad: include_str!("../examples/FW409-bad.py"),
    good: include_str!("../examples/FW409-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, range, path) in uses(file, &[Concern::FromData]) {
        let message = format!("`{}` makes code or objects of data: write the code as code", plain(path));
        add(found, Rule::CodeFromData, range, message);
    }
}
