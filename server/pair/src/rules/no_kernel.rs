//! FW204: no Triton kernel.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt};

use super::{About, Rule};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::{File, Section};
use crate::outline::{Callable, Outline, What};

pub(super) const ABOUT: About = About {
    rule: Rule::NoKernel,
    code: "FW204",
    name: "no-kernel",
    severity: Severity::Error,
    summary: "TRITON has no function under `@triton.jit`.",
    why: "The candidate is to show a Triton kernel. Without one, the block only computes the same with other PyTorch \
          calls. A function that asks for `tl.program_id` without the decorator cannot be launched.",
    fix: Some("Adds `@triton.jit` to a function that is written as a kernel."),
    bad: include_str!("examples/FW204-bad.py"),
    good: include_str!("examples/FW204-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let Some(triton) = file.sound(BlockKind::Triton) else { return };
    if !file.kernels.is_empty() {
        return;
    }
    let diagnostic =
        match triton.outline.callables.iter().find(|callable| is_bare_kernel(&triton.outline, callable)) {
            Some(kernel) => {
                let message = format!(
                    "`{}` is written as a kernel and is not under `@triton.jit`: add the decorator",
                    kernel.name
                );
                Diagnostic::new(Rule::NoKernel, kernel.name_range, message)
                    .with_fix(Some(fix(file, triton, kernel)))
            }
            None => Diagnostic::new(
                Rule::NoKernel,
                triton.block.opening,
                "TRITON has no kernel: put at least one function under `@triton.jit` and launch it",
            ),
        };
    found.push(diagnostic);
}

/// Whether a function asks which program it is, as only a kernel can.
fn is_bare_kernel(outline: &Outline<'_>, callable: &Callable<'_>) -> bool {
    struct ProgramId<'o, 'a>(&'o Outline<'a>, bool);
    impl<'a> Visitor<'a> for ProgramId<'_, '_> {
        fn visit_expr(&mut self, expression: &'a Expr) {
            if let Expr::Call(call) = expression
                && let Expr::Attribute(attribute) = &*call.func
                && attribute.attr.id == "program_id"
            {
                let root = self.0.path(&attribute.value);
                self.1 |= root.is_some_and(|path| path == "tl" || path.starts_with("triton"));
            }
            walk_expr(self, expression);
        }
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            if !self.1 {
                ruff_python_ast::visitor::walk_stmt(self, statement);
            }
        }
    }
    let What::Function(function) = callable.what else { return false };
    let mut visitor = ProgramId(outline, false);
    visitor.visit_body(&function.body);
    visitor.1
}

fn fix(file: &File<'_>, triton: &Section<'_>, kernel: &Callable<'_>) -> Fix {
    let mut edits = Vec::new();
    let imported = triton.outline.imports.iter().any(|import| import.name == "triton");
    if !imported {
        edits.push(super::imports::add_import(file, triton, "import triton"));
    }
    edits.push(Edit::insert(kernel.range.start(), format!("@triton.jit{}", file.newline)));
    Fix::safe("Add `@triton.jit`", edits)
}
