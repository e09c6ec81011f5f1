//! The walk through a kernel's statements that finds what a [`Kernel`] holds.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{self as ast, Expr, ExprContext, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::{Assigned, DeviceCall, Fault, FreeName, Kernel, Operation, Refused};
use crate::triton::modules::{Modules, is_constexpr};

/// Visits the statements of one function.
pub(super) struct Walk<'w, 'a> {
    kernel: Kernel<'a>,
    modules: &'w Modules<'a>,
    branches: u32,
    loops: u8,
    /// Inside the arguments of a call that takes text.
    message: bool,
}

impl<'w, 'a> Walk<'w, 'a> {
    /// What the statements add to a kernel.
    pub(super) fn through(body: &'a [Stmt], kernel: Kernel<'a>, modules: &'w Modules<'a>) -> Kernel<'a> {
        let mut walk = Self { kernel, modules, branches: 0, loops: 0, message: false };
        walk.visit_body(body);
        walk.kernel
    }

    fn fault(&mut self, what: Refused<'a>, range: TextRange) {
        self.kernel.faults.push(Fault { what, range, conditional: self.branches > 0 });
    }

    fn assign(&mut self, name: &'a str, assigned: Assigned<'a>) {
        self.kernel.assigned.push((name, assigned));
    }

    fn assign_target(&mut self, target: &'a Expr, value: &'a Expr, alone: bool) {
        match target {
            Expr::Name(name) => self.assign(
                name.id.as_str(),
                Assigned::Value { value, constexpr: false, range: name.range, alone },
            ),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let values = match value {
                    Expr::Tuple(tuple) if tuple.len() == elts.len() => Some(&tuple.elts),
                    _ => None,
                };
                for (at, target) in elts.iter().enumerate() {
                    match (target, values) {
                        (Expr::Starred(starred), _) => {
                            self.fault(Refused::StarredTarget, starred.range);
                            self.unpack(&starred.value, Some(value));
                        }
                        (_, Some(values)) => self.assign_target(target, &values[at], false),
                        _ => self.unpack(target, Some(value)),
                    }
                }
            }
            Expr::Subscript(_) => self.fault(Refused::ElementStore, target.range()),
            Expr::Attribute(_) => self.fault(Refused::AttributeStore, target.range()),
            _ => {}
        }
    }

    fn unpack(&mut self, target: &'a Expr, value: Option<&'a Expr>) {
        match target {
            Expr::Name(name) => self.assign(name.id.as_str(), Assigned::Unpacked { value }),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                for target in elts {
                    self.unpack(target, value);
                }
            }
            Expr::Starred(starred) => self.unpack(&starred.value, value),
            _ => {}
        }
    }

    fn branch(&mut self, body: &'a [Stmt]) {
        self.branches += 1;
        self.visit_body(body);
        self.branches -= 1;
    }

    fn visit_loop(&mut self, statement: &'a ast::StmtFor) {
        let Expr::Call(call) = &*statement.iter else {
            self.fault(Refused::LoopOver, statement.iter.range());
            self.visit_expr(&statement.iter);
            self.unpack(&statement.target, None);
            self.visit_body(&statement.body);
            return;
        };
        let plain = matches!(&*call.func, Expr::Name(name) if name.id == "range");
        let language = self.modules.language(&call.func);
        let fixed = language == Some("static_range");
        if let Expr::Name(name) = &*call.func
            && matches!(name.id.as_str(), "enumerate" | "zip" | "reversed" | "map" | "filter" | "sorted")
        {
            self.fault(Refused::LoopOver, call.range());
        } else if !plain && !fixed && language != Some("range") {
            // A loop over what something unknown gives.
            self.visit_expr(&call.func);
        }
        if let Expr::Name(name) = &*statement.target {
            self.assign(name.id.as_str(), Assigned::Counted { call: &statement.iter, fixed });
        } else {
            self.unpack(&statement.target, None);
        }
        for argument in &call.arguments.args {
            self.visit_expr(argument);
        }
        for keyword in &call.arguments.keywords {
            self.visit_expr(&keyword.value);
        }
        self.loops = self.loops.saturating_add(1);
        // A loop may run no time at all, and is compiled all the same, unless it is unrolled.
        if fixed {
            self.branch(&statement.body);
        } else {
            self.visit_body(&statement.body);
        }
        self.loops -= 1;
        if let Some(first) = statement.orelse.first() {
            self.fault(Refused::LoopElse, first.range());
            self.branch(&statement.orelse);
        }
    }
}

impl<'a> Visitor<'a> for Walk<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => {
                self.visit_expr(&assign.value);
                if assign.targets.len() > 1 {
                    self.fault(Refused::ChainedAssignment, assign.range);
                }
                for target in &assign.targets {
                    self.assign_target(target, &assign.value, assign.targets.len() == 1);
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.visit_expr(value);
                    if let Expr::Name(name) = &*assign.target {
                        let constexpr = is_constexpr(&assign.annotation);
                        self.assign(
                            name.id.as_str(),
                            Assigned::Value { value, constexpr, range: name.range, alone: false },
                        );
                    }
                } else if let Expr::Name(name) = &*assign.target {
                    // The annotation counts for an assignment that follows.
                    self.assign(name.id.as_str(), Assigned::Unpacked { value: None });
                }
            }
            Stmt::AugAssign(assign) => {
                self.visit_expr(&assign.value);
                match &*assign.target {
                    Expr::Name(name) => {
                        self.assign(name.id.as_str(), Assigned::Updated { statement: assign });
                    }
                    Expr::Subscript(_) => self.fault(Refused::ElementStore, assign.target.range()),
                    _ => self.fault(Refused::AttributeStore, assign.target.range()),
                }
                if assign.op == ast::Operator::MatMult {
                    self.fault(Refused::MatrixOperator, assign.range);
                }
            }
            Stmt::For(statement) => {
                self.visit_loop(statement);
            }
            Stmt::While(statement) => {
                self.visit_expr(&statement.test);
                self.loops = self.loops.saturating_add(1);
                self.visit_body(&statement.body);
                self.loops -= 1;
                if let Some(first) = statement.orelse.first() {
                    self.fault(Refused::LoopElse, first.range());
                }
            }
            Stmt::If(statement) => {
                self.visit_expr(&statement.test);
                self.branch(&statement.body);
                for clause in &statement.elif_else_clauses {
                    self.branches += 1;
                    clause.test.iter().for_each(|test| self.visit_expr(test));
                    self.visit_body(&clause.body);
                    self.branches -= 1;
                }
            }
            Stmt::Assert(statement) => {
                self.visit_expr(&statement.test);
                let outer = std::mem::replace(&mut self.message, true);
                statement.msg.iter().for_each(|message| self.visit_expr(message));
                self.message = outer;
            }
            Stmt::With(statement) => {
                // Triton has contexts of its own, which are called.
                for item in &statement.items {
                    if !matches!(&item.context_expr, Expr::Call(call) if self.modules.member(&call.func).is_some_and(|member| member.is_under("triton")))
                    {
                        self.fault(Refused::Syntax("with"), item.context_expr.range());
                    }
                    self.visit_expr(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.unpack(target, None);
                    }
                }
                self.visit_body(&statement.body);
            }
            _ => self.visit_other(statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) if name.ctx == ExprContext::Load => {
                self.kernel.free.push(FreeName {
                    name: name.id.as_str(),
                    range: name.range,
                    conditional: self.branches > 0,
                });
            }
            Expr::Call(call) => self.visit_call(call),
            Expr::Attribute(attribute) => {
                // `tl.math.exp` is one name.
                if let Some(name) = root(&attribute.value) {
                    self.kernel.attributes.push(expression);
                    self.visit_expr(name);
                } else {
                    self.visit_expr(&attribute.value);
                }
            }
            Expr::Lambda(_) => self.fault(Refused::Syntax("lambda"), expression.range()),
            Expr::Dict(_) => self.fault(Refused::Syntax("dict"), expression.range()),
            Expr::Set(_) => self.fault(Refused::Syntax("set"), expression.range()),
            Expr::ListComp(made) => {
                self.fault(Refused::ListComprehension, expression.range());
                made.generators.iter().for_each(|generator| self.unpack(&generator.target, None));
                walk_expr(self, expression);
            }
            Expr::SetComp(_) => self.fault(Refused::Syntax("set comprehension"), expression.range()),
            Expr::DictComp(_) => self.fault(Refused::Syntax("dict comprehension"), expression.range()),
            Expr::Generator(_) => self.fault(Refused::Syntax("generator"), expression.range()),
            Expr::Yield(_) | Expr::YieldFrom(_) => self.fault(Refused::Syntax("yield"), expression.range()),
            Expr::Await(_) => self.fault(Refused::Syntax("await"), expression.range()),
            Expr::FString(_) | Expr::TString(_) => {
                if self.message {
                    walk_expr(self, expression);
                } else {
                    self.fault(Refused::Text, expression.range());
                }
            }
            Expr::Named(named) => {
                self.visit_expr(&named.value);
                self.assign_target(&named.target, &named.value, false);
                self.fault(Refused::Walrus, named.range);
            }
            Expr::Compare(compare) => {
                if compare.ops.iter().any(|op| matches!(op, ast::CmpOp::In | ast::CmpOp::NotIn)) {
                    self.fault(Refused::Membership, compare.range);
                } else if compare.ops.len() > 1 {
                    self.fault(Refused::ChainedComparison, compare.range);
                }
                walk_expr(self, expression);
            }
            Expr::BinOp(binary) => {
                match binary.op {
                    // `"%d" % n`.
                    ast::Operator::Mod if binary.left.is_string_literal_expr() && !self.message => {
                        self.fault(Refused::Text, binary.range);
                    }
                    ast::Operator::MatMult => self.fault(Refused::MatrixOperator, binary.range),
                    ast::Operator::Pow => self
                        .kernel
                        .operations
                        .push(Operation::Power { expression: binary, conditional: self.branches > 0 }),
                    _ => {}
                }
                walk_expr(self, expression);
            }
            Expr::Subscript(subscript) => {
                self.kernel
                    .operations
                    .push(Operation::Subscript { expression: subscript, conditional: self.branches > 0 });
                walk_expr(self, expression);
            }
            Expr::If(choice) => {
                self.visit_expr(&choice.test);
                self.branches += 1;
                self.visit_expr(&choice.body);
                self.visit_expr(&choice.orelse);
                self.branches -= 1;
            }
            _ => walk_expr(self, expression),
        }
    }
}

impl<'a> Walk<'_, 'a> {
    /// Statements that Triton refuses, and those that are nothing but expressions.
    fn visit_other(&mut self, statement: &'a Stmt) {
        let refused = match statement {
            Stmt::Break(_) => Refused::Jump("break"),
            Stmt::Continue(_) => Refused::Jump("continue"),
            Stmt::Try(statement) => {
                // The line of `try:` alone.
                let head = TextRange::at(statement.start(), 3.into());
                self.fault(Refused::Syntax("try"), head);
                self.visit_body(&statement.body);
                return;
            }
            Stmt::ClassDef(class) => {
                self.assign(class.name.id.as_str(), Assigned::Unpacked { value: None });
                self.fault(Refused::Syntax("class"), class.name.range);
                return;
            }
            Stmt::FunctionDef(function) => {
                self.assign(function.name.id.as_str(), Assigned::Unpacked { value: None });
                self.fault(Refused::Syntax("def"), function.name.range);
                return;
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).id.as_str();
                    self.assign(name.split('.').next().unwrap_or(name), Assigned::Unpacked { value: None });
                }
                Refused::Import(import.names.first().map_or("", |alias| alias.name.id.as_str()))
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).id.as_str();
                    self.assign(name, Assigned::Unpacked { value: None });
                }
                Refused::Import(import.module.as_ref().map_or("", |module| module.id.as_str()))
            }
            Stmt::Raise(_) => Refused::Syntax("raise"),
            Stmt::Delete(_) => Refused::Syntax("del"),
            Stmt::Global(_) => Refused::Syntax("global"),
            Stmt::Nonlocal(_) => Refused::Syntax("nonlocal"),
            Stmt::Match(_) => Refused::Syntax("match"),
            Stmt::TypeAlias(_) => Refused::Syntax("type"),
            Stmt::Return(returned) => {
                returned.value.iter().for_each(|value| self.visit_expr(value));
                return;
            }
            Stmt::Expr(statement) => {
                self.visit_expr(&statement.value);
                return;
            }
            // All others are known.
            _ => return,
        };
        self.fault(refused, statement.range());
    }

    fn visit_call(&mut self, call: &'a ast::ExprCall) {
        let member = self.modules.member(&call.func);
        let language = member.filter(|member| member.is_of("triton.language")).map(|member| member.name);
        let method = match &*call.func {
            Expr::Attribute(attribute) if member.is_none() => Some(attribute.attr.id.as_str()),
            _ => None,
        };
        let conditional = self.branches > 0;
        self.kernel.calls.push(DeviceCall { call, language, method, conditional, loops: self.loops });
        let takes_text = matches!(
            language,
            Some(
                "dtype"
                    | "static_print"
                    | "static_assert"
                    | "device_print"
                    | "device_assert"
                    | "inline_asm_elementwise"
            )
        );
        match &*call.func {
            Expr::Name(name) => {
                let takes_text = takes_text || matches!(name.id.as_str(), "print");
                self.kernel.free.push(FreeName { name: name.id.as_str(), range: name.range, conditional });
                self.visit_arguments_of(call, takes_text);
            }
            function => {
                // `"{}".format(n)`.
                if matches!(function, Expr::Attribute(method) if method.value.is_string_literal_expr())
                    && !self.message
                {
                    self.fault(Refused::Text, call.range());
                }
                self.visit_expr(function);
                self.visit_arguments_of(call, takes_text);
            }
        }
    }

    fn visit_arguments_of(&mut self, call: &'a ast::ExprCall, takes_text: bool) {
        let outer = std::mem::replace(&mut self.message, takes_text);
        for argument in &call.arguments.args {
            self.visit_expr(argument);
        }
        for keyword in &call.arguments.keywords {
            self.visit_expr(&keyword.value);
        }
        self.message = outer;
    }
}

/// The name that a dotted name begins with.
fn root(expression: &Expr) -> Option<&Expr> {
    let mut at = expression;
    for _ in 0..16 {
        at = match at {
            Expr::Name(_) => return Some(at),
            Expr::Attribute(attribute) => &attribute.value,
            _ => return None,
        };
    }
    None
}
