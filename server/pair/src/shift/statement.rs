//! Moves a statement, kind by kind.

use ruff_python_ast::{self as ast, ExceptHandler, Stmt};

use super::Shift;

impl Shift {
    #[allow(clippy::too_many_lines, reason = "one arm for each kind of statement")]
    pub(super) fn statement(self, statement: &mut Stmt) {
        match statement {
            Stmt::FunctionDef(ast::StmtFunctionDef {
                node_index: _,
                range,
                is_async: _,
                decorator_list,
                name,
                type_params,
                parameters,
                returns,
                body,
            }) => {
                self.range(range);
                self.decorators(decorator_list);
                self.identifier(name);
                if let Some(type_params) = type_params {
                    self.type_params(type_params);
                }
                self.parameters(parameters);
                self.optional(returns.as_deref_mut());
                self.statements(body);
            }
            Stmt::ClassDef(ast::StmtClassDef {
                node_index: _,
                range,
                decorator_list,
                name,
                type_params,
                arguments,
                body,
            }) => {
                self.range(range);
                self.decorators(decorator_list);
                self.identifier(name);
                if let Some(type_params) = type_params {
                    self.type_params(type_params);
                }
                if let Some(arguments) = arguments {
                    self.arguments(arguments);
                }
                self.statements(body);
            }
            Stmt::Return(ast::StmtReturn { node_index: _, range, value }) => {
                self.range(range);
                self.optional(value.as_deref_mut());
            }
            Stmt::Delete(ast::StmtDelete { node_index: _, range, targets }) => {
                self.range(range);
                self.expressions(targets);
            }
            Stmt::TypeAlias(ast::StmtTypeAlias { node_index: _, range, name, type_params, value }) => {
                self.range(range);
                self.expression(name);
                if let Some(type_params) = type_params {
                    self.type_params(type_params);
                }
                self.expression(value);
            }
            Stmt::Assign(ast::StmtAssign { node_index: _, range, targets, value }) => {
                self.range(range);
                self.expressions(targets);
                self.expression(value);
            }
            Stmt::AugAssign(ast::StmtAugAssign { node_index: _, range, target, op: _, value }) => {
                self.range(range);
                self.expression(target);
                self.expression(value);
            }
            Stmt::AnnAssign(ast::StmtAnnAssign {
                node_index: _,
                range,
                target,
                annotation,
                value,
                simple: _,
            }) => {
                self.range(range);
                self.expression(target);
                self.expression(annotation);
                self.optional(value.as_deref_mut());
            }
            Stmt::For(ast::StmtFor { node_index: _, range, is_async: _, target, iter, body, orelse }) => {
                self.range(range);
                self.expression(target);
                self.expression(iter);
                self.statements(body);
                self.statements(orelse);
            }
            Stmt::While(ast::StmtWhile { node_index: _, range, test, body, orelse }) => {
                self.range(range);
                self.expression(test);
                self.statements(body);
                self.statements(orelse);
            }
            Stmt::If(ast::StmtIf { node_index: _, range, test, body, elif_else_clauses }) => {
                self.range(range);
                self.expression(test);
                self.statements(body);
                for ast::ElifElseClause { range, node_index: _, test, body } in elif_else_clauses {
                    self.range(range);
                    self.optional(test.as_mut());
                    self.statements(body);
                }
            }
            Stmt::With(ast::StmtWith { node_index: _, range, is_async: _, items, body }) => {
                self.range(range);
                for ast::WithItem { range, node_index: _, context_expr, optional_vars } in items {
                    self.range(range);
                    self.expression(context_expr);
                    self.optional(optional_vars.as_deref_mut());
                }
                self.statements(body);
            }
            Stmt::Match(ast::StmtMatch { node_index: _, range, subject, cases }) => {
                self.range(range);
                self.expression(subject);
                for ast::MatchCase { range, node_index: _, pattern, guard, body } in cases {
                    self.range(range);
                    self.pattern(pattern);
                    self.optional(guard.as_deref_mut());
                    self.statements(body);
                }
            }
            Stmt::Raise(ast::StmtRaise { node_index: _, range, exc, cause }) => {
                self.range(range);
                self.optional(exc.as_deref_mut());
                self.optional(cause.as_deref_mut());
            }
            Stmt::Try(ast::StmtTry {
                node_index: _,
                range,
                body,
                handlers,
                orelse,
                finalbody,
                is_star: _,
            }) => {
                self.range(range);
                self.statements(body);
                for ExceptHandler::ExceptHandler(handler) in handlers {
                    let ast::ExceptHandlerExceptHandler { range, node_index: _, type_, name, body } = handler;
                    self.range(range);
                    self.optional(type_.as_deref_mut());
                    self.name(name.as_mut());
                    self.statements(body);
                }
                self.statements(orelse);
                self.statements(finalbody);
            }
            Stmt::Assert(ast::StmtAssert { node_index: _, range, test, msg }) => {
                self.range(range);
                self.expression(test);
                self.optional(msg.as_deref_mut());
            }
            Stmt::Import(ast::StmtImport { node_index: _, range, names, is_lazy: _ }) => {
                self.range(range);
                self.aliases(names);
            }
            Stmt::ImportFrom(ast::StmtImportFrom {
                node_index: _,
                range,
                module,
                names,
                level: _,
                is_lazy: _,
            }) => {
                self.range(range);
                self.name(module.as_mut());
                self.aliases(names);
            }
            Stmt::Global(ast::StmtGlobal { node_index: _, range, names })
            | Stmt::Nonlocal(ast::StmtNonlocal { node_index: _, range, names }) => {
                self.range(range);
                for name in names {
                    self.identifier(name);
                }
            }
            Stmt::Expr(ast::StmtExpr { node_index: _, range, value }) => {
                self.range(range);
                self.expression(value);
            }
            Stmt::Pass(ast::StmtPass { node_index: _, range })
            | Stmt::Break(ast::StmtBreak { node_index: _, range })
            | Stmt::Continue(ast::StmtContinue { node_index: _, range })
            | Stmt::IpyEscapeCommand(ast::StmtIpyEscapeCommand { node_index: _, range, kind: _, value: _ }) =>
            {
                self.range(range);
            }
        }
    }
}
