//! Moves an expression, kind by kind.

use ruff_python_ast::{self as ast, Expr, FStringPart};

use super::Shift;

impl Shift {
    #[allow(clippy::too_many_lines, reason = "one arm for each kind of expression")]
    pub(super) fn expression(self, expression: &mut Expr) {
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
}
