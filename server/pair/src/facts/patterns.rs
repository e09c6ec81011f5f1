//! What `match` binds, and which cases it can reach.

use ruff_python_ast as ast;

use super::value::Value;
use super::walk::Walk;

impl<'a> Walk<'a> {
    /// Whether a case is certainly another number, text or flag than what is matched.
    pub(super) fn matches_never(&mut self, pattern: &'a ast::Pattern, subject: Value<'a>) -> bool {
        let ast::Pattern::MatchValue(pattern) = pattern else { return false };
        match (self.eval(&pattern.value), subject) {
            (Value::Number(Some(one)), Value::Number(Some(other))) => one != other,
            (one @ Value::Text(_), other @ Value::Text(_)) => {
                self.store.text_of(one) != self.store.text_of(other)
            }
            _ => false,
        }
    }

    /// Gives the names of a case what they stand for.
    pub(super) fn bind_pattern(&mut self, pattern: &'a ast::Pattern, subject: Value<'a>) {
        match pattern {
            ast::Pattern::MatchAs(alias) => {
                if let Some(inner) = &alias.pattern {
                    self.bind_pattern(inner, subject);
                }
                if let Some(name) = &alias.name {
                    self.assign(name.id.as_str(), subject, alias.range);
                }
            }
            ast::Pattern::MatchSequence(sequence) => {
                for (pattern, at) in sequence.patterns.iter().zip(0..) {
                    let part = match subject {
                        Value::Many(many) => self.element_of(many, Value::Number(Some(at))),
                        other => self.element(other).unwrap_or(Value::Unknown),
                    };
                    self.bind_pattern(pattern, part);
                }
            }
            ast::Pattern::MatchMapping(mapping) => {
                for (key, pattern) in mapping.keys.iter().zip(&mapping.patterns) {
                    let key = self.eval(key);
                    let part = match subject {
                        Value::Many(many) => self.element_of(many, key),
                        _ => Value::Unknown,
                    };
                    self.bind_pattern(pattern, part);
                }
            }
            ast::Pattern::MatchOr(either) => {
                for pattern in &either.patterns {
                    self.bind_pattern(pattern, subject);
                }
            }
            ast::Pattern::MatchStar(star) => {
                if let Some(name) = &star.name {
                    self.assign(name.id.as_str(), subject, star.range);
                }
            }
            ast::Pattern::MatchClass(class) => {
                let keywords = class.arguments.keywords.iter().map(|keyword| &keyword.pattern);
                for pattern in class.arguments.patterns.iter().chain(keywords) {
                    self.bind_pattern(pattern, Value::Unknown);
                }
            }
            ast::Pattern::MatchValue(_) | ast::Pattern::MatchSingleton(_) => {}
        }
    }
}
