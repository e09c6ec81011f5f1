//! FW317: names that Triton does not have, or will not have much longer.

use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::Context;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::rules::{About, Rule};
use crate::triton::{ApiModule, Availability, Version, api_severity, availability, keyword, replacement};

pub(super) const ABOUT: About = About {
    rule: Rule::UnavailableApi,
    code: "FW317",
    name: "unavailable-api",
    severity: Severity::Error,
    summary: "Triton has no such name: it never had, it was removed, or it came later.",
    why: "Names of `triton.language` come and go: `tl.libdevice` and `tl.math.tanh` are from Triton 2, \
          `tl.make_tensor_descriptor` came in 3.4, `tl.make_block_ptr` warns since 3.7 and fails since 3.9. The rule goes by \
          the version that the user's environment has; where none is known, by those from 3.2 to 3.9, and what some of them \
          lack is only mentioned.",
    fix: Some("Writes the name that took its place, or imports `libdevice`."),
    bad: include_str!("../examples/FW317-bad.py"),
    good: include_str!("../examples/FW317-good.py"),
};

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    imports(context, context.section.statements, found);
    for (_, kernel) in context.kernels() {
        for call in &kernel.calls {
            arguments(context, call.language, call.call, found);
        }
        // What is called, types, constants.
        for attribute in &kernel.attributes {
            name(context, attribute, found);
        }
    }
}

/// A dotted name.
fn name<'a>(context: &Context<'_, 'a>, expression: &'a Expr, found: &mut Vec<Diagnostic>) {
    let Expr::Attribute(attribute) = expression else { return };
    let version = context.file.triton;
    // Nearly always `tl.load` and its like, which every version has.
    if let Some(name) = context.device.modules.language(expression)
        && availability(ApiModule::Language, name, version) == Availability::Here
    {
        return;
    }
    let Some(member) = context.device.modules.member(expression) else { return };
    // `tl.libdevice.tanh`, `tl.math.tanh`: what is missing may be the module.
    let (module, missing, range) = match ApiModule::of(&member) {
        Some(module) => (module, member.name, attribute.attr.range),
        None if member.is_of("triton.language.libdevice") => {
            (ApiModule::Language, "libdevice", attribute.value.range())
        }
        None => return,
    };
    let availability = availability(module, missing, version);
    let Some(severity) = api_severity(availability) else { return };
    let mut message = said(&member.module(), missing, availability, version);
    let instead = replacement(module, missing);
    if let Some((words, _)) = instead {
        message = format!("{message}: {words}");
    }
    let fix = match instead {
        Some((_, Some(text))) => {
            Some(Fix::safe(format!("Write `{text}`"), vec![Edit::replace(attribute.attr.range, text)]))
        }
        _ => to_libdevice(context, module, missing, member.name, expression),
    };
    found.push(Diagnostic::new(Rule::UnavailableApi, range, message).with_severity(severity).with_fix(fix));
}

fn said(module: &str, name: &str, availability: Availability, version: Option<Version>) -> String {
    let module = if name == "libdevice" { "triton.language" } else { module };
    match (availability, version) {
        (Availability::Since(first), Some(version)) => {
            format!("`{module}.{name}` came with Triton {first}, and this is {version}")
        }
        (Availability::Until(last), Some(version)) => {
            format!("`{module}.{name}` was removed in Triton {last}, and this is {version}")
        }
        (Availability::Going(last), Some(version)) => {
            format!("`{module}.{name}` is deprecated in Triton {version} and gone in {last}")
        }
        (Availability::Going(last) | Availability::Until(last), None) => {
            format!("`{module}.{name}` is gone in Triton {last}")
        }
        _ => format!("`{module}` has no `{name}`"),
    }
}

/// The change of `tl.math.tanh` to `libdevice.tanh`, with the import where it is missing.
fn to_libdevice(
    context: &Context<'_, '_>,
    module: ApiModule,
    missing: &str,
    function: &str,
    expression: &Expr,
) -> Option<Fix> {
    const IMPORT: &str = "from triton.language.extra import libdevice";
    let known = module != ApiModule::Libdevice
        && availability(ApiModule::Libdevice, function, None) == Availability::Here;
    if !known || missing.starts_with('_') {
        return None;
    }
    let imported = context.section.outline.imports.iter().find(|import| import.name == "libdevice");
    let mut edits = vec![Edit::replace(expression.range(), format!("libdevice.{function}"))];
    match imported {
        None if context.section.names.bound.contains("libdevice") => return None,
        None => edits.push(crate::rules::add_import(context.file, context.section, IMPORT)),
        Some(import)
            if import.path().ends_with("extra.libdevice") || import.path().ends_with("cuda.libdevice") => {}
        Some(_) => return None,
    }
    Some(Fix::safe(format!("Use `libdevice.{function}`"), edits))
}

/// Arguments that went with time.
fn arguments(
    context: &Context<'_, '_>,
    language: Option<&str>,
    call: &ruff_python_ast::ExprCall,
    found: &mut Vec<Diagnostic>,
) {
    let gone = Version::new(3, 9);
    if matches!(language, Some("load" | "store"))
        && context.file.triton.is_some_and(|version| version >= gone)
        && let Some(value) = keyword(call, "boundary_check").or_else(|| keyword(call, "padding_option"))
    {
        let message = "Triton 3.9 has no block pointers, and no `boundary_check=` here: use `tl.make_tensor_descriptor` or masks";
        found.push(Diagnostic::new(Rule::UnavailableApi, value.range(), message));
    }
}

/// Imports of what is not there.
fn imports(context: &Context<'_, '_>, statements: &[Stmt], found: &mut Vec<Diagnostic>) {
    for statement in statements {
        match statement {
            Stmt::ImportFrom(import) if import.level == 0 => {
                let Some(module) = &import.module else { continue };
                let path = module.id.as_str();
                if let Some(message) = gone(path) {
                    found.push(Diagnostic::new(Rule::UnavailableApi, module.range, message));
                    continue;
                }
                for alias in &import.names {
                    let name = alias.name.id.as_str();
                    let Some(module) = ApiModule::of_path(path).filter(|_| name != "*") else { continue };
                    let availability = availability(module, name, context.file.triton);
                    let Some(severity) = api_severity(availability) else { continue };
                    let mut message = said(path, name, availability, context.file.triton);
                    if let Some((words, _)) = replacement(module, name) {
                        message = format!("{message}: {words}");
                    }
                    let fix = (import.names.len() == 1 && name == "libdevice" && alias.asname.is_none())
                        .then(|| {
                            Fix::safe(
                                "Import it from `triton.language.extra`",
                                vec![Edit::replace(
                                    import.range,
                                    "from triton.language.extra import libdevice",
                                )],
                            )
                        });
                    found.push(
                        Diagnostic::new(Rule::UnavailableApi, alias.name.range, message)
                            .with_severity(severity)
                            .with_fix(fix),
                    );
                }
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    if let Some(message) = gone(alias.name.id.as_str()) {
                        let range: TextRange = alias.name.range;
                        found.push(Diagnostic::new(Rule::UnavailableApi, range, message));
                    }
                }
            }
            // What is tried, or done under a condition, is for other versions.
            _ => {}
        }
    }
}

/// What is said of a module that no version from 3.2 on has.
fn gone(path: &str) -> Option<String> {
    let is =
        |module: &str| path == module || path.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'));
    if is("triton.ops") {
        Some("`triton.ops` was removed before Triton 3.2: write the kernel out".to_owned())
    } else if is("triton.language.libdevice") {
        Some(
            "`triton.language.libdevice` was removed before Triton 3.2: import `libdevice` from `triton.language.extra`"
                .to_owned(),
        )
    } else {
        None
    }
}
