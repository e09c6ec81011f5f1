//! What names stand for: the modules of Triton, torch and Python that a block imports.

use ruff_python_ast::{self as ast, Expr};
use rustc_hash::FxHashMap;

use crate::outline::{Import, Outline};

/// The paths that a block's imported names stand for.
#[derive(Debug)]
pub(crate) struct Modules<'a> {
    paths: FxHashMap<&'a str, Path<'a>>,
}

/// What an imported name stands for: a module, or something in one.
#[derive(Debug, Clone, Copy)]
struct Path<'a> {
    module: &'a str,
    name: Option<&'a str>,
}

impl Path<'_> {
    fn is(self, path: &str) -> bool {
        match self.name {
            None => self.module == path,
            Some(name) => path
                .strip_prefix(self.module)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|rest| rest == name),
        }
    }
}

/// Longer chains of names are looked at by nobody.
const LONGEST: usize = 8;

/// A name within a module: `triton.language` and `load`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    parts: [&'a str; LONGEST],
    count: usize,
    pub(crate) name: &'a str,
}

impl Member<'_> {
    /// Whether it is a name of this module.
    pub(crate) fn is_of(&self, module: &str) -> bool {
        self.rest_of(module) == Some("")
    }

    /// Whether its module's path begins with this one.
    pub(crate) fn is_under(&self, module: &str) -> bool {
        let mut rest = module;
        for part in &self.parts[..self.count] {
            let Some(after) = rest.strip_prefix(part) else {
                return part.strip_prefix(rest).is_some_and(|more| more.starts_with('.'));
            };
            if after.is_empty() {
                return true;
            }
            let Some(after) = after.strip_prefix('.') else { return false };
            rest = after;
        }
        false
    }

    fn rest_of<'m>(&self, module: &'m str) -> Option<&'m str> {
        let mut rest = module;
        for (at, part) in self.parts[..self.count].iter().enumerate() {
            if at > 0 {
                rest = rest.strip_prefix('.')?;
            }
            rest = rest.strip_prefix(part)?;
        }
        Some(rest)
    }

    /// The path of its module.
    pub(crate) fn module(&self) -> String {
        self.parts[..self.count].join(".")
    }
}

impl<'a> Modules<'a> {
    pub(crate) fn of(outline: &Outline<'a>) -> Self {
        let path = |import: &Import<'a>| match import.module {
            Some(module) => Path { module, name: Some(import.imported) },
            None if import.renamed => Path { module: import.imported, name: None },
            None => Path { module: import.name, name: None },
        };
        let paths = outline.imports.iter().filter(|import| !import.relative);
        Self { paths: paths.map(|import| (import.name, path(import))).collect() }
    }

    /// What a dotted name refers to, if its first part is imported.
    pub(crate) fn member<'e>(&self, expression: &'e Expr) -> Option<Member<'e>>
    where
        'a: 'e,
    {
        let mut names = [""; LONGEST];
        let mut count = 0;
        let mut at = expression;
        let root: Path<'e> = loop {
            match at {
                Expr::Attribute(attribute) => {
                    *names.get_mut(count)? = attribute.attr.id.as_str();
                    count += 1;
                    at = &attribute.value;
                }
                Expr::Name(name) => break *self.paths.get(name.id.as_str())?,
                _ => return None,
            }
        };
        let mut parts = [""; LONGEST];
        parts[0] = root.module;
        let mut length = 1;
        for part in root.name.into_iter().chain(names[..count].iter().rev().copied()) {
            *parts.get_mut(length)? = part;
            length += 1;
        }
        // A module alone is no name within one.
        (length > 1).then(|| Member { parts, count: length - 1, name: parts[length - 1] })
    }

    /// The name within `triton.language` that an expression stands for.
    pub(crate) fn language<'e>(&self, expression: &'e Expr) -> Option<&'e str>
    where
        'a: 'e,
    {
        self.within("triton.language", expression)
    }

    /// The name within `torch` that an expression stands for: `empty` of `torch.empty`.
    pub(crate) fn torch<'e>(&self, expression: &'e Expr) -> Option<&'e str>
    where
        'a: 'e,
    {
        self.within("torch", expression)
    }

    fn within<'e>(&self, module: &str, expression: &'e Expr) -> Option<&'e str>
    where
        'a: 'e,
    {
        // Nearly always `tl.name`.
        if let Expr::Attribute(attribute) = expression
            && let Expr::Name(name) = &*attribute.value
        {
            let path = self.paths.get(name.id.as_str())?;
            return path.is(module).then_some(attribute.attr.id.as_str());
        }
        self.member(expression).filter(|member| member.is_of(module)).map(|member| member.name)
    }

    /// Whether a name is imported.
    pub(crate) fn imports(&self, name: &str) -> bool {
        self.paths.contains_key(name)
    }

    /// Whether a name is imported from a module, rather than being a module itself as far as can be seen, and which.
    pub(crate) fn imported_from(&self, name: &str) -> Option<&'a str> {
        self.paths.get(name).filter(|path| path.name.is_some()).map(|path| path.module)
    }

    /// Whether an expression is `name` somewhere in `triton`.
    pub(crate) fn is_triton(&self, expression: &Expr, name: &str) -> bool {
        self.member(expression).is_some_and(|member| member.name == name && member.is_under("triton"))
    }

    /// Whether a decorator makes a kernel.
    pub(crate) fn is_jit(&self, decorator: &Expr) -> bool {
        let decorator = if let Expr::Call(call) = decorator { &*call.func } else { decorator };
        self.is_triton(decorator, "jit")
    }

    /// Whether a function is a kernel in Gluon, which has another language.
    pub(crate) fn is_gluon(&self, function: &ast::StmtFunctionDef) -> bool {
        function.decorator_list.iter().any(|decorator| {
            let decorator = if let Expr::Call(call) = &decorator.expression {
                &*call.func
            } else {
                &decorator.expression
            };
            self.member(decorator).is_some_and(|member| member.is_under("triton.experimental"))
        })
    }
}

/// Whether an annotation is `tl.constexpr`, written as text or not.
pub(super) fn is_constexpr(annotation: &Expr) -> bool {
    match annotation {
        Expr::StringLiteral(text) => {
            let text = text.value.to_str().trim();
            text == "constexpr" || text.ends_with(".constexpr")
        }
        Expr::Subscript(subscript) => is_constexpr(&subscript.value),
        Expr::Attribute(attribute) => attribute.attr.id == "constexpr",
        Expr::Name(name) => name.id == "constexpr",
        _ => false,
    }
}
