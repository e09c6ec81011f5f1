//! Moves a syntax tree along its text, as text before it is inserted or taken away.
//!
//! Every field of every node is named, so that a field or a node that the syntax tree gains is noticed by the compiler.

use ruff_python_ast::{self as ast, ExceptHandler, Expr, FStringPart, Pattern, Stmt, TypeParam};
use ruff_text_size::{TextRange, TextSize};

/// How far offsets move; backwards where it wraps around.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shift(u32);

impl Shift {
    /// From one offset to another.
    pub(crate) fn between(old: TextSize, new: TextSize) -> Self {
        Self(new.to_u32().wrapping_sub(old.to_u32()))
    }

    /// Whether nothing moves.
    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn offset(self, offset: &mut TextSize) {
        *offset = TextSize::new(offset.to_u32().wrapping_add(self.0));
    }

    pub(crate) fn range(self, range: &mut TextRange) {
        let mut start = range.start();
        self.offset(&mut start);
        *range = TextRange::at(start, range.len());
    }

    /// Moves statements, with all that they hold.
    pub(crate) fn statements(self, statements: &mut [Stmt]) {
        if !self.is_none() {
            for statement in statements {
                self.statement(statement);
            }
        }
    }

    #[allow(clippy::too_many_lines, reason = "one arm for each kind of statement")]
    fn statement(self, statement: &mut Stmt) {
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

    #[allow(clippy::too_many_lines, reason = "one arm for each kind of expression")]
    fn expression(self, expression: &mut Expr) {
        match expression {
            Expr::BoolOp(ast::ExprBoolOp { node_index: _, range, op: _, values }) => {
                self.range(range);
                self.expressions(values);
            }
            Expr::Named(ast::ExprNamed { node_index: _, range, target, value }) => {
                self.range(range);
                self.expression(target);
                self.expression(value);
            }
            Expr::BinOp(ast::ExprBinOp { node_index: _, range, left, op: _, right }) => {
                self.range(range);
                self.expression(left);
                self.expression(right);
            }
            Expr::UnaryOp(ast::ExprUnaryOp { node_index: _, range, op: _, operand }) => {
                self.range(range);
                self.expression(operand);
            }
            Expr::Lambda(ast::ExprLambda { node_index: _, range, parameters, body }) => {
                self.range(range);
                if let Some(parameters) = parameters {
                    self.parameters(parameters);
                }
                self.expression(body);
            }
            Expr::If(ast::ExprIf { node_index: _, range, test, body, orelse }) => {
                self.range(range);
                self.expression(test);
                self.expression(body);
                self.expression(orelse);
            }
            Expr::Dict(ast::ExprDict { node_index: _, range, items }) => {
                self.range(range);
                for ast::DictItem { key, value } in items {
                    self.optional(key.as_mut());
                    self.expression(value);
                }
            }
            Expr::Set(ast::ExprSet { node_index: _, range, elts })
            | Expr::List(ast::ExprList { node_index: _, range, elts, ctx: _ })
            | Expr::Tuple(ast::ExprTuple { node_index: _, range, elts, ctx: _, parenthesized: _ }) => {
                self.range(range);
                self.expressions(elts);
            }
            Expr::ListComp(ast::ExprListComp { node_index: _, range, elt, generators })
            | Expr::SetComp(ast::ExprSetComp { node_index: _, range, elt, generators })
            | Expr::Generator(ast::ExprGenerator {
                node_index: _,
                range,
                elt,
                generators,
                parenthesized: _,
            }) => {
                self.range(range);
                self.expression(elt);
                self.generators(generators);
            }
            Expr::DictComp(ast::ExprDictComp { node_index: _, range, key, value, generators }) => {
                self.range(range);
                self.optional(key.as_deref_mut());
                self.expression(value);
                self.generators(generators);
            }
            Expr::Await(ast::ExprAwait { node_index: _, range, value })
            | Expr::YieldFrom(ast::ExprYieldFrom { node_index: _, range, value })
            | Expr::Starred(ast::ExprStarred { node_index: _, range, value, ctx: _ }) => {
                self.range(range);
                self.expression(value);
            }
            Expr::Yield(ast::ExprYield { node_index: _, range, value }) => {
                self.range(range);
                self.optional(value.as_deref_mut());
            }
            Expr::Compare(ast::ExprCompare { node_index: _, range, left, ops: _, comparators }) => {
                self.range(range);
                self.expression(left);
                self.expressions(comparators);
            }
            Expr::Call(ast::ExprCall { node_index: _, range_start, func, arguments }) => {
                self.offset(range_start);
                self.expression(func);
                self.arguments(arguments);
            }
            Expr::FString(ast::ExprFString { node_index: _, range, value }) => {
                self.range(range);
                for part in value.iter_mut() {
                    match part {
                        FStringPart::Literal(literal) => self.string(literal),
                        FStringPart::FString(ast::FString { range, node_index: _, elements, flags: _ }) => {
                            self.range(range);
                            self.elements(elements);
                        }
                    }
                }
            }
            Expr::TString(ast::ExprTString { node_index: _, range, value }) => {
                self.range(range);
                for ast::TString { range, node_index: _, elements, flags: _ } in value.iter_mut() {
                    self.range(range);
                    self.elements(elements);
                }
            }
            Expr::StringLiteral(ast::ExprStringLiteral { node_index: _, range, value }) => {
                self.range(range);
                for literal in value.iter_mut() {
                    self.string(literal);
                }
            }
            Expr::BytesLiteral(ast::ExprBytesLiteral { node_index: _, range, value }) => {
                self.range(range);
                for ast::BytesLiteral { range, node_index: _, value: _, flags: _ } in value.iter_mut() {
                    self.range(range);
                }
            }
            Expr::NumberLiteral(ast::ExprNumberLiteral { node_index: _, range, value: _ })
            | Expr::BooleanLiteral(ast::ExprBooleanLiteral { node_index: _, range, value: _ })
            | Expr::NoneLiteral(ast::ExprNoneLiteral { node_index: _, range })
            | Expr::EllipsisLiteral(ast::ExprEllipsisLiteral { node_index: _, range })
            | Expr::Name(ast::ExprName { node_index: _, range, id: _, ctx: _ })
            | Expr::IpyEscapeCommand(ast::ExprIpyEscapeCommand { node_index: _, range, kind: _, value: _ }) =>
            {
                self.range(range);
            }
            Expr::Attribute(ast::ExprAttribute { node_index: _, range, value, attr, ctx: _ }) => {
                self.range(range);
                self.expression(value);
                self.identifier(attr);
            }
            Expr::Subscript(ast::ExprSubscript { node_index: _, range, value, slice, ctx: _ }) => {
                self.range(range);
                self.expression(value);
                self.expression(slice);
            }
            Expr::Slice(ast::ExprSlice { node_index: _, range, lower, upper, step }) => {
                self.range(range);
                self.optional(lower.as_deref_mut());
                self.optional(upper.as_deref_mut());
                self.optional(step.as_deref_mut());
            }
        }
    }

    fn pattern(self, pattern: &mut Pattern) {
        match pattern {
            Pattern::MatchValue(ast::PatternMatchValue { node_index: _, range, value }) => {
                self.range(range);
                self.expression(value);
            }
            Pattern::MatchSingleton(ast::PatternMatchSingleton { node_index: _, range, value: _ }) => {
                self.range(range);
            }
            Pattern::MatchSequence(ast::PatternMatchSequence { node_index: _, range, patterns })
            | Pattern::MatchOr(ast::PatternMatchOr { node_index: _, range, patterns }) => {
                self.range(range);
                self.patterns(patterns);
            }
            Pattern::MatchMapping(ast::PatternMatchMapping {
                node_index: _,
                range,
                keys,
                patterns,
                rest,
            }) => {
                self.range(range);
                self.expressions(keys);
                self.patterns(patterns);
                self.name(rest.as_mut());
            }
            Pattern::MatchClass(ast::PatternMatchClass { node_index: _, range, cls, arguments }) => {
                self.range(range);
                self.expression(cls);
                let ast::PatternArguments { range, node_index: _, patterns, keywords } = arguments;
                self.range(range);
                self.patterns(patterns);
                for ast::PatternKeyword { range, node_index: _, attr, pattern } in keywords {
                    self.range(range);
                    self.identifier(attr);
                    self.pattern(pattern);
                }
            }
            Pattern::MatchStar(ast::PatternMatchStar { node_index: _, range, name }) => {
                self.range(range);
                self.name(name.as_mut());
            }
            Pattern::MatchAs(ast::PatternMatchAs { node_index: _, range, pattern, name }) => {
                self.range(range);
                if let Some(pattern) = pattern {
                    self.pattern(pattern);
                }
                self.name(name.as_mut());
            }
        }
    }

    fn patterns(self, patterns: &mut [Pattern]) {
        for pattern in patterns {
            self.pattern(pattern);
        }
    }

    fn parameters(self, parameters: &mut ast::Parameters) {
        let ast::Parameters { range, node_index: _, posonlyargs, args, vararg, kwonlyargs, kwarg } =
            parameters;
        self.range(range);
        for parameter in posonlyargs.iter_mut().chain(args).chain(kwonlyargs) {
            let ast::ParameterWithDefault { range, node_index: _, parameter, default } = parameter;
            self.range(range);
            self.parameter(parameter);
            self.optional(default.as_deref_mut());
        }
        for parameter in vararg.iter_mut().chain(kwarg) {
            self.parameter(parameter);
        }
    }

    fn parameter(self, parameter: &mut ast::Parameter) {
        let ast::Parameter { range, node_index: _, name, annotation } = parameter;
        self.range(range);
        self.identifier(name);
        self.optional(annotation.as_deref_mut());
    }

    fn arguments(self, arguments: &mut ast::Arguments) {
        let ast::Arguments { range, node_index: _, args, keywords } = arguments;
        self.range(range);
        self.expressions(args);
        for ast::Keyword { range, node_index: _, arg, value } in keywords {
            self.range(range);
            self.name(arg.as_mut());
            self.expression(value);
        }
    }

    fn type_params(self, type_params: &mut ast::TypeParams) {
        let ast::TypeParams { range, node_index: _, type_params } = type_params;
        self.range(range);
        for parameter in type_params {
            match parameter {
                TypeParam::TypeVar(ast::TypeParamTypeVar { node_index: _, range, name, bound, default }) => {
                    self.range(range);
                    self.identifier(name);
                    self.optional(bound.as_deref_mut());
                    self.optional(default.as_deref_mut());
                }
                TypeParam::TypeVarTuple(ast::TypeParamTypeVarTuple {
                    node_index: _,
                    range,
                    name,
                    default,
                })
                | TypeParam::ParamSpec(ast::TypeParamParamSpec { node_index: _, range, name, default }) => {
                    self.range(range);
                    self.identifier(name);
                    self.optional(default.as_deref_mut());
                }
            }
        }
    }

    fn decorators(self, decorators: &mut [ast::Decorator]) {
        for ast::Decorator { range, node_index: _, expression } in decorators {
            self.range(range);
            self.expression(expression);
        }
    }

    fn generators(self, generators: &mut [ast::Comprehension]) {
        for ast::Comprehension { range, node_index: _, target, iter, ifs, is_async: _ } in generators {
            self.range(range);
            self.expression(target);
            self.expression(iter);
            self.expressions(ifs);
        }
    }

    fn elements(self, elements: &mut [ast::InterpolatedStringElement]) {
        for element in elements {
            match element {
                ast::InterpolatedStringElement::Interpolation(ast::InterpolatedElement {
                    range,
                    node_index: _,
                    expression,
                    debug_text: _,
                    conversion: _,
                    format_spec,
                }) => {
                    self.range(range);
                    self.expression(expression);
                    if let Some(format_spec) = format_spec {
                        let ast::InterpolatedStringFormatSpec { range, node_index: _, elements } =
                            &mut **format_spec;
                        self.range(range);
                        self.elements(elements);
                    }
                }
                ast::InterpolatedStringElement::Literal(ast::InterpolatedStringLiteralElement {
                    range,
                    node_index: _,
                    value: _,
                }) => self.range(range),
            }
        }
    }

    fn aliases(self, aliases: &mut [ast::Alias]) {
        for ast::Alias { range, node_index: _, name, asname } in aliases {
            self.range(range);
            self.identifier(name);
            self.name(asname.as_mut());
        }
    }

    fn string(self, literal: &mut ast::StringLiteral) {
        let ast::StringLiteral { range, node_index: _, value: _, flags: _ } = literal;
        self.range(range);
    }

    fn identifier(self, identifier: &mut ast::Identifier) {
        let ast::Identifier { id: _, range, node_index: _ } = identifier;
        self.range(range);
    }

    fn name(self, identifier: Option<&mut ast::Identifier>) {
        if let Some(identifier) = identifier {
            self.identifier(identifier);
        }
    }

    fn expressions(self, expressions: &mut [Expr]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn optional(self, expression: Option<&mut Expr>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }
}
