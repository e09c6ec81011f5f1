//! FW315: an autotuner that does not fit its kernel.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::Context;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::rules::{About, Rule};
use crate::triton::{Assigned, Kernel, argument, keyword};

pub(super) const ABOUT: About = About {
    rule: Rule::AutotuneMismatch,
    code: "FW315",
    name: "autotune-mismatch",
    severity: Severity::Warning,
    summary: "`triton.autotune` names what the kernel does not have, misses a size, or gives what the launch gives too.",
    why: "The tuner remembers its choice by the values of the parameters in `key`. A name that is no parameter is ignored \
          silently; a size that bounds a loop over tuned blocks and is not in `key` makes the first call's choice stand for \
          all sizes. A configuration that gives a parameter which the launch gives too is refused when the kernel is \
          launched, and so is one that gives a parameter which the kernel does not have.",
    fix: Some("Adds the size to `key`."),
    bad: include_str!("../examples/FW315-bad.py"),
    good: include_str!("../examples/FW315-good.py"),
};

/// Options of Triton's compilers that a configuration hands over among the parameters.
const OPTIONS: &[&str] = &["kpack", "matrix_instr_nonkdim", "maxnreg", "schedule_hint", "waves_per_eu"];

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for (at, kernel) in context.kernels() {
        let Some(tuning) = &kernel.tuning else { continue };
        let mut report = |range, severity, message: String, fix: Option<Fix>| {
            found.push(
                Diagnostic::new(Rule::AutotuneMismatch, range, message).with_severity(severity).with_fix(fix),
            );
        };
        for (name, range) in tuning.keys.iter().flatten() {
            if kernel.parameter(name).is_none() {
                let message = format!(
                    "`{name}` is no parameter of `{}`, so the tuner ignores it: name one that is",
                    kernel.name
                );
                report(*range, Severity::Warning, message, None);
            }
        }
        for (name, _, range) in tuning.configs.iter().flat_map(|config| &config.given) {
            // What prunes the configurations may make others of them.
            // So may options of the compiler, where they are another vendor's.
            if kernel.parameter(name).is_none() && !tuning.remade && !OPTIONS.contains(name) {
                let message = format!("`{}` has no parameter `{name}`: the launch fails", kernel.name);
                report(*range, Severity::Error, message, None);
            }
        }
        for (name, range) in &tuning.touched {
            if kernel.parameter(name).is_none() {
                let message = format!("`{}` has no parameter `{name}`: the launch fails", kernel.name);
                report(*range, Severity::Error, message, None);
            }
        }
        if tuning.tuned && kernel.launched {
            for launch in context.device.launches_of(at) {
                for argument in &launch.call.arguments.keywords {
                    let Some(name) = &argument.arg else { continue };
                    let by_config = tuning
                        .configs
                        .iter()
                        .any(|config| config.given.iter().any(|(given, ..)| *given == name.id.as_str()));
                    if by_config {
                        let message = format!(
                            "the tuner gives `{}` already, and a launch that gives it too fails: leave it out",
                            name.id
                        );
                        report(name.range, Severity::Error, message, None);
                    }
                }
            }
        }
        if let (Some(keys), Some(list), false) = (&tuning.keys, tuning.key_list, tuning.configs.is_empty()) {
            let mut sizes = bounds(context, kernel);
            if keys.is_empty() {
                sizes.extend(limits(context, at));
                sizes.dedup();
            }
            for name in sizes {
                if keys.iter().any(|(key, _)| *key == name) {
                    continue;
                }
                let message = format!(
                    "`{name}` bounds what tuned blocks go over and is not in `key`: the choice made for one size stands for all"
                );
                report(list.range(), Severity::Info, message, add(context, list, name));
            }
        }
    }
}

/// The plain parameters up to which a loop goes in steps of a tuned block.
fn bounds<'a>(context: &Context<'_, 'a>, kernel: &Kernel<'a>) -> Vec<&'a str> {
    let mut bounds: Vec<&'a str> = Vec::new();
    for (_, assigned) in &kernel.assigned {
        let Assigned::Counted { call: Expr::Call(call), .. } = *assigned else { continue };
        if !mentions_tuned(kernel, call) {
            continue;
        }
        let ends: &[Expr] = match &*call.arguments.args {
            [end] | [_, end, ..] => std::slice::from_ref(end),
            [] => continue,
        };
        for end in ends {
            let end = match end {
                // `tl.cdiv(K, BLOCK)`.
                Expr::Call(division) if context.device.modules.is_triton(&division.func, "cdiv") => {
                    division.arguments.args.first()
                }
                other => Some(other),
            };
            if let Some(Expr::Name(name)) = end
                && let Some(parameter) = kernel.parameter(name.id.as_str())
                && !parameter.constexpr
                && !kernel.binds(parameter.name)
                && !bounds.contains(&parameter.name)
            {
                bounds.push(parameter.name);
            }
        }
    }
    bounds
}

/// The plain parameters that offsets within tuned blocks are compared with: `offsets < n`.
fn limits<'a>(context: &Context<'_, 'a>, at: usize) -> Vec<&'a str> {
    let kernel = &context.device.kernels[at];
    let tuned = |ranges: u64| {
        (0..kernel.parameters.len().min(64)).any(|place| {
            ranges & 1 << place != 0
                && kernel.tuning.as_ref().is_some_and(|tuning| tuning.gives(kernel.parameters[place].name))
        })
    };
    let masks = kernel.calls.iter().filter_map(|call| match call.language {
        Some("load") => argument(call.call, 1, "mask"),
        Some("store") => argument(call.call, 2, "mask"),
        _ => None,
    });
    let mut limits: Vec<&'a str> = Vec::new();
    for mask in masks {
        let mask = match mask {
            Expr::Name(name) => kernel.value(name.id.as_str()),
            other => Some(other),
        };
        if let Some(Expr::Compare(compare)) = mask
            && tuned(context.taints[at].value(&compare.left).ranges)
            && let [Expr::Name(size)] = &*compare.comparators
            && let Some(parameter) = kernel.parameter(size.id.as_str())
            && !parameter.constexpr
            && !limits.contains(&parameter.name)
        {
            limits.push(parameter.name);
        }
    }
    limits
}

/// Whether a block that the tuner chooses stands in a loop's bounds.
fn mentions_tuned(kernel: &Kernel<'_>, call: &ast::ExprCall) -> bool {
    fn mentions(kernel: &Kernel<'_>, expression: &Expr) -> bool {
        match expression {
            Expr::Name(name) => kernel.tuning.as_ref().is_some_and(|tuning| tuning.gives(name.id.as_str())),
            Expr::Call(call) => call.arguments.args.iter().any(|one| mentions(kernel, one)),
            Expr::BinOp(binary) => mentions(kernel, &binary.left) || mentions(kernel, &binary.right),
            _ => false,
        }
    }
    call.arguments.args.iter().any(|one| mentions(kernel, one))
        || keyword(call, "step").is_some_and(|one| mentions(kernel, one))
}

fn add(context: &Context<'_, '_>, list: &Expr, name: &str) -> Option<Fix> {
    let Expr::List(keys) = list else { return None };
    let edit = match keys.elts.last() {
        Some(key) => Edit::insert(key.end(), format!(", \"{name}\"")),
        None if context.text(list.range()) == "[]" => Edit::replace(list.range(), format!("[\"{name}\"]")),
        None => return None,
    };
    Some(Fix::safe(format!("Add `{name}` to the key"), vec![edit]))
}
