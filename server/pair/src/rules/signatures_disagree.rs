//! FW203: the two functions take different arguments.

use super::inputs_not_on_cuda::is_one_tensor;
use super::{About, Rule};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::entry::{Convention, Found, NotFound};
use crate::file::File;
use crate::flow::{Flow, input_count};
use crate::inputs::Inputs;
use crate::outline::{Outline, What};
use crate::signature::Signature;

pub(super) const ABOUT: About = About {
    rule: Rule::SignaturesDisagree,
    code: "FW203",
    name: "signatures-disagree",
    severity: Severity::Error,
    summary: "Reference and candidate cannot be called alike with the inputs that TEST gives.",
    why: "Both functions are called with the same inputs, by position. Where they take another number of arguments, the \
          same arguments in another order, or fill in another default, one of them fails or computes something else.",
    fix: None,
    bad: include_str!("examples/FW203-bad.py"),
    good: include_str!("examples/FW203-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let Some(python) = file.sound(BlockKind::Python) else { return };
    let (Some(triton), Some(Ok(entry))) = (file.sound(BlockKind::Triton), &file.entry) else {
        return reference_alone(file, &python.outline, found);
    };
    let reference = Signature::of(&python.outline, &entry.reference);
    let candidate = Signature::of(&triton.outline, &entry.candidate);
    let count =
        input_count(file).or_else(|| one_tensor(file)).filter(|_| entry.convention != Convention::Modules);
    let mut report =
        |message: Option<String>| {
            found.extend(message.map(|message| {
                Diagnostic::new(Rule::SignaturesDisagree, entry.candidate.name_range, message)
            }));
        };
    if let (Some(reference), Some(candidate)) = (&reference, &candidate) {
        report(disagreement(entry, reference, candidate, count));
    }
    if let (Convention::Modules, What::Class(reference), What::Class(candidate)) =
        (entry.convention, entry.reference.what, entry.candidate.what)
        && let (Some(reference), Some(candidate)) =
            (Signature::of_method(reference, "__init__"), Signature::of_method(candidate, "__init__"))
        && let Some((one, other)) = counts_disagree(&reference, &candidate)
    {
        report(Some(format!(
            "`Model.__init__` takes {one} and `ModelNew.__init__` {other}: both are made with the same arguments"
        )));
    }
}

/// Where no candidate is written yet, TEST is held to the reference, if there is no doubt which function that is.
fn reference_alone(file: &File<'_>, python: &Outline<'_>, found: &mut Vec<Diagnostic>) {
    let written =
        !matches!(file.entry, None | Some(Err(NotFound::Missing { reference: false, candidate: true })));
    let Some(Inputs::GetTestInputs(_)) = file.inputs.filter(|_| !written) else { return };
    let [reference] = &python.callables[..] else { return };
    let Some(signature) = Signature::of(python, reference) else { return };
    let count = input_count(file).or_else(|| one_tensor(file));
    let message = miscounted(reference.name, &signature, count);
    found.extend(
        message.map(|message| Diagnostic::new(Rule::SignaturesDisagree, reference.name_range, message)),
    );
}

/// Whether a function cannot be called with so many inputs, in a sentence.
fn miscounted(name: &str, signature: &Signature, count: Option<usize>) -> Option<String> {
    let count = count.filter(|count| !(signature.least()..=signature.most()).contains(count))?;
    Some(format!(
        "`get_test_inputs()` gives {} and `{name}` takes {}: give one input per argument",
        plural(count, "input"),
        arguments(signature)
    ))
}

/// One input, where `get_test_inputs()` gives a tensor by itself: it may do so for a single argument.
fn one_tensor(file: &File<'_>) -> Option<usize> {
    let Some(Inputs::GetTestInputs(_)) = file.inputs else { return None };
    let (flow, test) = (Flow::of(file)?, file.section(BlockKind::Test)?);
    let alone = |given: &&_| is_one_tensor(&flow, &test.outline, given, 8);
    (!flow.given.is_empty() && flow.given.iter().all(alone)).then_some(1)
}

fn disagreement(
    entry: &Found<'_>,
    reference: &Signature,
    candidate: &Signature,
    count: Option<usize>,
) -> Option<String> {
    let (one, other) = (entry.reference.name, entry.candidate.name);
    if let Some((first, second)) = counts_disagree(reference, candidate) {
        return Some(format!(
            "`{one}` takes {first} and `{other}` {second}: both are called with the same inputs"
        ));
    }
    for (name, signature) in [(one, reference), (other, candidate)] {
        if let Some(parameter) = signature.keyword_only.iter().find(|parameter| parameter.default.is_none()) {
            return Some(format!(
                "`{name}` cannot be called with the inputs alone: give its keyword argument `{}` a default",
                parameter.name
            ));
        }
        if let Some(message) = miscounted(name, signature, count) {
            return Some(message);
        }
    }
    let names = |signature: &Signature| -> Vec<String> {
        let given = count.unwrap_or_else(|| signature.least());
        signature.positional.iter().take(given).map(|parameter| parameter.name.clone()).collect()
    };
    let (first, second) = (names(reference), names(candidate));
    if first != second && first.len() == second.len() {
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort();
            names
        };
        if sorted(&first) == sorted(&second) {
            return Some(format!(
                "`{one}` takes ({}) and `{other}` ({}): inputs are passed by position, so put the arguments in one order",
                first.join(", "),
                second.join(", ")
            ));
        }
    }
    let filled = |signature: &Signature| {
        let given = count.unwrap_or(usize::MAX);
        signature.positional.iter().skip(given).chain(&signature.keyword_only).cloned().collect::<Vec<_>>()
    };
    for parameter in filled(reference) {
        let Some(twin) = filled(candidate).into_iter().find(|twin| twin.name == parameter.name) else {
            continue;
        };
        if let (Some(first), Some(second)) = (&parameter.default, &twin.default)
            && first.differs(second)
        {
            let name = &parameter.name;
            return Some(format!(
                "`{name}` has another default in `{other}` than in `{one}`: make them the same"
            ));
        }
    }
    None
}

/// What each takes, if no number of arguments suits both.
fn counts_disagree(reference: &Signature, candidate: &Signature) -> Option<(String, String)> {
    let disjoint = reference.least() > candidate.most() || candidate.least() > reference.most();
    disjoint.then(|| (arguments(reference), arguments(candidate)))
}

fn arguments(signature: &Signature) -> String {
    let (least, most) = (signature.least(), signature.most());
    if most == usize::MAX {
        format!("{} or more", plural(least, "argument"))
    } else if least == most {
        plural(most, "argument")
    } else {
        format!("{least} to {}", plural(most, "argument"))
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
