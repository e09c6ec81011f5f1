//! Moves a syntax tree along its text, as text before it is inserted or taken away.
//!
//! Every field of every node is named, so that a field or a node that the syntax tree gains is noticed by the compiler.

mod expression;
mod statement;

use ruff_python_ast::{self as ast, Expr, Pattern, Stmt, TypeParam};
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
