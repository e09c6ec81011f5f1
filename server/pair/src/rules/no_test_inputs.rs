//! FW205: nothing gives the inputs.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::{About, Rule};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::{File, Section};
use crate::inputs::Inputs;
use crate::outline::{Callable, What};
use crate::signature::Signature;

pub(super) const ABOUT: About = About {
    rule: Rule::NoTestInputs,
    code: "FW205",
    name: "no-test-inputs",
    severity: Severity::Error,
    summary: "Nothing gives the inputs to compare the two functions with.",
    why: "TEST gives the inputs by `get_test_inputs()`, which takes nothing and returns a tuple. Where it has no such \
          function, the main block must hand the inputs to `test_performance(reference, candidate, inputs)`. Beside \
          modules, `get_inputs()` is what counts.",
    fix: Some("Renames a function that gives the inputs under a similar name."),
    bad: include_str!("examples/FW205-bad.py"),
    good: include_str!("examples/FW205-good.py"),
};

/// Names that people give to the function.
const SIMILAR: &[&str] = &[
    "get_inputs",
    "get_test_input",
    "get_input",
    "test_inputs",
    "make_inputs",
    "make_test_inputs",
    "create_inputs",
    "create_test_inputs",
    "generate_inputs",
    "generate_test_inputs",
    "get_test_data",
    "get_test_args",
    "build_inputs",
    "gen_inputs",
    "get_testing_inputs",
    "getTestInputs",
];

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let Some(test) = file.sound(BlockKind::Test) else { return };
    match file.inputs {
        Some(Inputs::GetTestInputs(_)) => found.extend(useless(test, "get_test_inputs")),
        Some(Inputs::GetInputs(_)) => found.extend(useless(test, "get_inputs")),
        Some(Inputs::MainBlock) => {}
        // Without the main block's syntax nobody knows what it hands over.
        None if file.errors.iter().any(|error| error.block.is_none()) => {}
        None => found.push(missing(file, test)),
    }
}

/// What keeps a function that is there from giving inputs.
fn useless(test: &Section<'_>, name: &str) -> Option<Diagnostic> {
    let callable = test.outline.callable(name)?;
    let signature = Signature::of(&test.outline, callable)?;
    let required =
        signature.positional.iter().chain(&signature.keyword_only).find(|one| one.default.is_none());
    if let Some(parameter) = required {
        let message = format!("`{name}()` is called without arguments: give `{}` a default", parameter.name);
        return Some(Diagnostic::new(Rule::NoTestInputs, callable.name_range, message));
    }
    let What::Function(function) = callable.what else { return None };
    let mut returns = Returns(false);
    returns.visit_body(&function.body);
    (!returns.0).then(|| {
        let message = format!("`{name}()` returns nothing: return a tuple of the inputs");
        Diagnostic::new(Rule::NoTestInputs, callable.name_range, message)
    })
}

/// Whether a body returns something.
struct Returns(bool);

impl<'a> Visitor<'a> for Returns {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Return(returned) => self.0 |= returned.value.is_some(),
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => walk_stmt(self, statement),
        }
    }
    fn visit_expr(&mut self, _: &'a Expr) {}
}

fn missing(file: &File<'_>, test: &Section<'_>) -> Diagnostic {
    let of_name = |name: &&str| {
        test.outline.callable(name).filter(|callable| matches!(callable.what, What::Function(_)))
    };
    if let Some(callable) = SIMILAR.iter().find_map(of_name) {
        let message = format!("TEST has `{}()` and no `get_test_inputs()`: rename it", callable.name);
        let fix = rename(file, test, callable);
        return Diagnostic::new(Rule::NoTestInputs, callable.name_range, message).with_fix(fix);
    }
    let elsewhere = file.sections().find(|section| section.outline.callable("get_test_inputs").is_some());
    let imported = test.outline.imports.iter().any(|import| import.name == "get_test_inputs");
    let message = match elsewhere {
        Some(section) => format!("`get_test_inputs()` stands in {}: move it to TEST", section.kind.tag()),
        None if imported => "TEST imports `get_test_inputs` from elsewhere: define it here".to_owned(),
        None if file.main.is_some() => {
            "nothing gives the inputs: add `get_test_inputs()` to TEST, or hand them to \
                                        `test_performance(reference, candidate, inputs)` in the main block"
                .to_owned()
        }
        None => {
            "nothing gives the inputs: add `get_test_inputs()`, which returns a tuple of tensors on the GPU"
                .to_owned()
        }
    };
    Diagnostic::new(Rule::NoTestInputs, test.block.opening, message)
}

/// Renames the function wherever TEST and the main block name it.
fn rename(file: &File<'_>, test: &Section<'_>, callable: &Callable<'_>) -> Option<Fix> {
    // By its new name it would be found fault with for what it is.
    if Signature::of(&test.outline, callable).is_none() || useless(test, callable.name).is_some() {
        return None;
    }
    let places = [Some(test.block.content), file.main];
    let inside = |range: TextRange| places.iter().flatten().any(|place| place.contains_range(range));
    let mut edits = Vec::new();
    for token in file.regions.iter().flat_map(|region| region.tokens) {
        if token.kind() == TokenKind::Name
            && inside(token.range())
            && crate::pair_file::slice(file.text, token.range()) == Some(callable.name)
        {
            edits.push(Edit::replace(token.range(), "get_test_inputs"));
        }
    }
    (!edits.is_empty()).then(|| Fix::safe("Rename it to `get_test_inputs`", edits))
}
