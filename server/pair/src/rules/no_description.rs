//! FW208: no description.

use ruff_python_ast::Stmt;

use super::{About, Rule};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::{File, title};
use crate::outline::{Callable, What};
use crate::syntax::string_statement;

pub(super) const ABOUT: About = About {
    rule: Rule::NoDescription,
    code: "FW208",
    name: "no-description",
    severity: Severity::Info,
    summary: "Nothing says what the pair does.",
    why: "An archived example has a description: the first line of the file's docstring, else of the docstring of the \
          reference or the candidate. Without one, it has to be made up from the functions' names.",
    fix: Some("Adds a docstring at the top, made of the reference's name. Say it in better words."),
    bad: include_str!("examples/FW208-bad.py"),
    good: include_str!("examples/FW208-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    if file.docstring.is_some_and(|(text, _)| title(text).is_some()) {
        return;
    }
    // A file that is hardly begun has more important things to be told.
    let (Some(python), Some(_)) = (file.sound(BlockKind::Python), file.sound(BlockKind::Triton)) else {
        return;
    };
    let Some(Ok(entry)) = &file.entry else { return };
    if is_described(&entry.reference) || is_described(&entry.candidate) {
        return;
    }
    let fix = file.docstring.is_none().then(|| {
        let name = entry.reference.name;
        let name = ["_pytorch", "_torch"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
        let words = name.trim_matches('_').replace('_', " ");
        let text = format!("\"\"\"Fused Kernels: {words}\"\"\"{0}{0}", file.newline);
        Fix::unsafe_("Add a docstring", vec![Edit::insert(file.start(), text)])
    });
    let message = "nothing describes the pair: begin the file with a docstring such as `\"\"\"Fused Kernels: softmax of a \
                   scaled sum\"\"\"`";
    found.push(Diagnostic::new(Rule::NoDescription, python.block.opening, message).with_fix(fix));
}

fn is_described(callable: &Callable<'_>) -> bool {
    let body: &[Stmt] = match callable.what {
        What::Function(function) => &function.body,
        What::Class(class) => &class.body,
        What::Alias(_) => &[],
    };
    body.first().and_then(string_statement).is_some_and(|text| !text.trim().is_empty())
}
