//! Moving the inputs from the main block into TEST.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashSet;

use crate::block::BlockKind;
use crate::builtins::is_builtin;
use crate::diagnostic::{Edit, Fix};
use crate::file::{File, Section};
use crate::inputs::{Inputs, PerformanceCall};
use crate::outline::What;
use crate::pair_file::slice;
use crate::rules::{add_import, import_of};
use crate::syntax::is_main_guard;
use crate::touched::Touched;

/// The change that gives TEST a `get_test_inputs()` with what the main block hands to `test_performance`. None where
/// that is not certain to give the same inputs.
pub(crate) fn conversion(file: &File<'_>) -> Option<Fix> {
    if file.inputs != Some(Inputs::MainBlock) || !file.errors.is_empty() {
        return None;
    }
    let test = file.section(BlockKind::Test)?;
    // Several calls may hand over several inputs.
    let [call] = file.calls[..] else { return None };
    if !spreads_inputs(test) {
        return None;
    }
    let body = body_with(file.main_statements, call.call.range())?;
    let at = body.iter().position(|statement| statement.range().contains_range(call.call.range()))?;
    if !matches!(body[at], Stmt::Expr(_) | Stmt::Assign(_) | Stmt::AnnAssign(_)) {
        return None;
    }
    Conversion { file, test, body, at, call }.fix()
}

/// Whether `test_performance` calls what it is given with the inputs spread out.
fn spreads_inputs(test: &Section<'_>) -> bool {
    struct Calls<'a> {
        functions: [&'a str; 2],
        inputs: &'a str,
        spread: bool,
        otherwise: bool,
    }
    impl<'a> Visitor<'a> for Calls<'a> {
        fn visit_expr(&mut self, expression: &'a Expr) {
            if let Expr::Call(call) = expression {
                let is_inputs =
                    |value: &Expr| matches!(value, Expr::Name(name) if name.id.as_str() == self.inputs);
                let of_pair =
                    matches!(&*call.func, Expr::Name(name) if self.functions.contains(&name.id.as_str()));
                for argument in &call.arguments.args {
                    self.spread |= matches!(argument, Expr::Starred(starred) if is_inputs(&starred.value));
                    self.otherwise |= of_pair && is_inputs(argument);
                }
            }
            walk_expr(self, expression);
        }
    }
    let Some(What::Function(function)) =
        test.outline.callable("test_performance").map(|callable| callable.what)
    else {
        return false;
    };
    let names: Vec<&str> = function.parameters.iter().map(|parameter| parameter.name().id.as_str()).collect();
    let [first, second, inputs, ..] = names[..] else { return false };
    let mut calls = Calls { functions: [first, second], inputs, spread: false, otherwise: false };
    calls.visit_body(&function.body);
    calls.spread && !calls.otherwise
}

/// The statements of the main block, or of its guard, among which the call stands.
fn body_with(main: &[Stmt], call: TextRange) -> Option<&[Stmt]> {
    let holder = main.iter().find(|statement| statement.range().contains_range(call))?;
    match holder {
        Stmt::If(guard) if is_main_guard(holder) => Some(&guard.body),
        _ => Some(main),
    }
}

struct Conversion<'f, 'a> {
    file: &'f File<'a>,
    test: &'f Section<'a>,
    /// The statements among which the call stands.
    body: &'a [Stmt],
    /// The place of the statement with the call.
    at: usize,
    call: PerformanceCall<'a>,
}

impl<'a> Conversion<'_, 'a> {
    fn fix(&self) -> Option<Fix> {
        let (makes, needed) = self.makes()?;
        let imports = self.imports(&needed)?;
        let gone = self.gone(&makes);
        let mut edits: Vec<Edit> =
            imports.iter().map(|statement| add_import(self.file, self.test, statement)).collect();
        edits.push(self.function(&makes)?);
        for (at, statement) in self.body[..self.at].iter().enumerate() {
            let lines = self.lines_of(at)?;
            if self.binds_inputs(statement) {
                edits.push(Edit::replace(
                    statement.range(),
                    format!("{} = get_test_inputs()", self.inputs_name()?),
                ));
            } else if gone[at] {
                edits.push(Edit::delete(lines));
            }
        }
        if self.inputs_name().is_none() {
            edits.push(Edit::replace(self.call.inputs.range(), "get_test_inputs()"));
        }
        Some(Fix::safe("Move the inputs into get_test_inputs()", edits))
    }

    /// The name under which the inputs are handed over, if they have one.
    fn inputs_name(&self) -> Option<&'a str> {
        match self.call.inputs {
            Expr::Name(name) => Some(name.id.as_str()),
            _ => None,
        }
    }

    fn binds_inputs(&self, statement: &Stmt) -> bool {
        match (statement, self.inputs_name()) {
            (Stmt::Assign(assign), Some(inputs)) => {
                matches!(&assign.targets[..], [Expr::Name(name)] if name.id.as_str() == inputs)
            }
            _ => false,
        }
    }

    /// Which of the statements before the call make the inputs, and the names that these need.
    fn makes(&self) -> Option<(Vec<bool>, FxHashSet<&'a str>)> {
        let before = &self.body[..self.at];
        let local: FxHashSet<&str> =
            before.iter().flat_map(|statement| Touched::of(statement).bound).collect();
        let mut needed = Touched::by(self.call.inputs).loaded;
        let mut makes = vec![false; before.len()];
        for (at, statement) in before.iter().enumerate().rev() {
            let touched = Touched::of(statement);
            let binds = touched.bound.iter().any(|name| needed.contains(name));
            let uses = touched.loaded.iter().any(|name| needed.contains(name) && local.contains(name));
            let moves = match statement {
                Stmt::Assign(_)
                | Stmt::AnnAssign(_)
                | Stmt::AugAssign(_)
                | Stmt::Import(_)
                | Stmt::ImportFrom(_) => {
                    binds || touched.writes_into.iter().any(|name| needed.contains(name))
                }
                Stmt::Expr(expression) => match Self::called(&expression.value) {
                    Some("manual_seed" | "manual_seed_all" | "seed") => true,
                    Some("print") => false,
                    // By the custom of torch, `x.requires_grad_()` changes its tensor.
                    Some(method) if method.ends_with('_') => uses,
                    _ if uses || binds => return None,
                    _ => false,
                },
                // What runs under a condition, in a loop or in a context cannot be moved alone.
                _ if uses || binds => return None,
                _ => false,
            };
            if moves {
                makes[at] = true;
                needed.extend(touched.loaded);
            }
        }
        let bound = before
            .iter()
            .zip(&makes)
            .filter(|(_, makes)| **makes)
            .flat_map(|(one, _)| Touched::of(one).bound);
        let bound: FxHashSet<&str> = bound.collect();
        // The inputs themselves must be made here, and by one plain assignment if they have a name.
        if let Some(inputs) = self.inputs_name()
            && (!bound.contains(inputs)
                || before.iter().filter(|statement| Touched::of(statement).bound.contains(&inputs)).count()
                    != 1
                || !before.iter().any(|statement| self.binds_inputs(statement)))
        {
            return None;
        }
        needed.retain(|name| !bound.contains(name));
        Some((makes, needed))
    }

    /// The last part of the name of what is called.
    fn called(value: &'a Expr) -> Option<&'a str> {
        let Expr::Call(call) = value else { return None };
        match &*call.func {
            Expr::Name(name) => Some(name.id.as_str()),
            Expr::Attribute(attribute) => Some(attribute.attr.id.as_str()),
            _ => None,
        }
    }

    /// The imports that TEST lacks for what moves, if imports are all that it lacks.
    fn imports(&self, needed: &FxHashSet<&'a str>) -> Option<Vec<String>> {
        let mut imports = Vec::new();
        for name in needed {
            if is_builtin(name) || self.test.names.bound.contains(name) {
                continue;
            }
            // A function or a constant of the other blocks would not be there.
            let elsewhere = self.file.sections().any(|section| section.outline.callable(name).is_some());
            imports.push(import_of(self.file, name).filter(|_| !elsewhere)?);
        }
        imports.sort();
        Some(imports)
    }

    /// Which statements the main block no longer needs: those that only made the inputs.
    fn gone(&self, makes: &[bool]) -> Vec<bool> {
        let mut gone = makes.to_vec();
        loop {
            let mut used: FxHashSet<&str> = FxHashSet::default();
            for (at, statement) in self.body.iter().enumerate() {
                if !gone.get(at).is_some_and(|gone| *gone) {
                    used.extend(Touched::of_rest(statement, self.call.inputs).loaded);
                }
            }
            let outer = self
                .file
                .main_statements
                .iter()
                .filter(|other| !other.range().contains_range(self.body[self.at].range()));
            used.extend(outer.flat_map(|statement| Touched::of(statement).loaded));
            let kept = |(at, statement): (usize, &Stmt)| {
                gone[at]
                    && !self.binds_inputs(statement)
                    && Touched::of(statement).bound.iter().any(|name| used.contains(name))
            };
            let Some(at) = self.body[..self.at].iter().enumerate().position(kept) else { return gone };
            gone[at] = false;
        }
    }

    /// The full lines of a statement with the comments above it, if it shares them with no other.
    fn lines_of(&self, at: usize) -> Option<TextRange> {
        let (file, statement) = (self.file, &self.body[at]);
        let mut start = file.lines.start_of_line(statement.start());
        let end = file.lines.next_line(statement.end());
        let indentation = slice(file.text, TextRange::new(start, statement.start()))?;
        let after = slice(file.text, TextRange::new(statement.end(), end))?.trim_start();
        if !indentation.trim().is_empty() || !(after.is_empty() || after.starts_with('#')) {
            return None;
        }
        let floor = at.checked_sub(1).map_or(self.file.main?.start(), |previous| self.body[previous].end());
        while start > floor {
            let above = file.lines.start_of_line(start - TextSize::new(1));
            let is_comment = slice(file.text, TextRange::new(above, start))?.trim_start().starts_with('#');
            if above <= floor || !is_comment {
                break;
            }
            start = above;
        }
        Some(TextRange::new(start, end))
    }

    /// The function, at the end of TEST's own code.
    fn function(&self, makes: &[bool]) -> Option<Edit> {
        let (file, newline) = (self.file, self.file.newline);
        let first = self.body.first()?;
        let indentation =
            slice(file.text, TextRange::new(file.lines.start_of_line(first.start()), first.start()))?;
        let added = if indentation.is_empty() { "    " } else { "" };
        let mut text = format!("{newline}{newline}def get_test_inputs():{newline}");
        for (at, _) in makes.iter().enumerate().filter(|(_, makes)| **makes) {
            let lines = self.lines_of(at)?;
            // A string of several lines must not be indented.
            if !added.is_empty() && self.has_long_string(at) {
                return None;
            }
            for line in slice(file.text, lines)?.split_inclusive(newline) {
                text.push_str(added);
                text.push_str(line);
            }
        }
        let given = slice(file.text, self.call.inputs.range())?;
        let is_tuple = |value: &Expr| matches!(value, Expr::Tuple(_));
        let tuple = is_tuple(self.call.inputs)
            || self.body[..self.at].iter().any(|statement| {
                self.binds_inputs(statement)
                    && matches!(statement, Stmt::Assign(assign) if is_tuple(&assign.value))
            });
        let given = if tuple { given.to_owned() } else { format!("tuple({given})") };
        for part in [indentation, added, "return ", &given, newline] {
            text.push_str(part);
        }
        let main = file.main?.start();
        let last = self.test.statements.iter().rfind(|statement| statement.end() <= main)?;
        let at = file.lines.next_line(last.end());
        Some(Edit::insert(at, format!("{}{text}", file.line_end_before(at))))
    }

    fn has_long_string(&self, at: usize) -> bool {
        let tokens = self.file.tokens(self.body[at].range());
        tokens.iter().any(|token| token.is_long_string())
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::good;
    use crate::{Inputs, PairFile};

    fn converted(name: &str) -> PairFile {
        let (_, text) = good().into_iter().find(|(stem, _)| stem == name).unwrap();
        PairFile::parse(text).with_test_inputs().unwrap()
    }

    fn around_main(file: &PairFile) -> String {
        let text = file.text();
        text[text.find("# <TEST>").unwrap()..].to_owned()
    }

    #[test]
    fn the_inputs_move_with_all_that_makes_them() {
        insta::assert_snapshot!(around_main(&converted("closed_main_block")));
    }

    /// A pair whose TEST and main block are these.
    fn pair(main: &str) -> PairFile {
        PairFile::parse(format!(
            "# <PYTHON>\nimport torch\nSIZE = 4\ndef f_torch(x, y): 'Adds.'; return x + y\n# <TRITON>\nimport triton\n\
             @triton.jit\ndef kernel(): pass\ndef f_triton(x, y): kernel[(1,)](); return x\n# <TEST>\n\
             N = 8\n\
             def test_performance(a, b, inputs, runs=5):\n    return a(*inputs), b(*inputs)\n\n# Main\n\
             if __name__ == '__main__':\n{main}"
        ))
    }

    #[test]
    fn every_way_to_hand_them_over() {
        let cases = [
            "    import torch\n    x = torch.ones(N, device='cuda')\n    test_performance(f_torch, f_triton, (x, x * 2))\n",
            "    x = torch.ones(N, device='cuda')\n    x[0] = 3\n    x.clamp_(0, 2)\n    inputs = [x, x]\n    out = test_performance(f_torch, f_triton, inputs=inputs) if False else test_performance\n    print(x.shape)\n",
            "    shape = (N, N)\n    # The tensor.\n    x = torch.ones(*shape,\n                   device='cuda')\n    print(shape)\n    inputs = (x, x)\n    print(test_performance(f_torch, f_triton, inputs))\n",
        ];
        let texts: Vec<_> = cases
            .iter()
            .filter_map(|main| pair(main).with_test_inputs())
            .map(|file| around_main(&file))
            .collect();
        insta::assert_snapshot!(texts.join("\n--------\n"));
    }

    #[test]
    fn what_is_not_indented_moves_unless_a_string_goes_over_lines() {
        let pair = |x: &str| {
            let text = pair("").text().replace("if __name__ == '__main__':\n", "");
            let text = text.replace("# Main\n", "# </TEST>\n").replace("# <TEST>", "# </TRITON>\n# <TEST>");
            let text = text.replace("# <TRITON>", "# </PYTHON>\n# <TRITON>");
            PairFile::parse(format!("{text}x = {x}\ntest_performance(f_torch, f_triton, (x, x))\n"))
        };
        let moved = pair("torch.ones(N, device=\"cuda\")").with_test_inputs().unwrap();
        assert!(
            moved.text().contains("\n    x = torch.ones(N, device=\"cuda\")\n    return (x, x)\n"),
            "{}",
            moved.text()
        );
        let long = pair("torch.ones(N, device=\"\"\"cuda\"\"\")");
        assert_eq!(long.inputs(), Some(Inputs::MainBlock));
        assert!(long.with_test_inputs().is_none());
    }

    #[test]
    fn nothing_moves_where_it_is_not_certain() {
        let cases = [
            "    for n in (4, 8):\n        x = torch.ones(n, device='cuda')\n        test_performance(f_torch, f_triton, (x, x))\n",
            "    x = torch.ones(SIZE, device='cuda')\n    test_performance(f_torch, f_triton, (x, x))\n",
            "    x = f_torch(1, 2)\n    test_performance(f_torch, f_triton, (x, x))\n",
            "    x = torch.ones(3, device='cuda')\n    fill(x)\n    test_performance(f_torch, f_triton, (x, x))\n",
            "    x = torch.ones(3, device='cuda')\n    if N:\n        x = x * 2\n    test_performance(f_torch, f_triton, (x, x))\n",
            "    x = 1; y = 2\n    test_performance(f_torch, f_triton, (x, y))\n",
            "    test_performance(f_torch, f_triton, (1, 2))\n    test_performance(f_torch, f_triton, (3, 4))\n",
            "    inputs = (1, 2)\n    inputs += (3,)\n    test_performance(f_torch, f_triton, inputs)\n",
        ];
        for main in cases {
            let file = pair(main);
            assert_eq!(file.inputs(), Some(Inputs::MainBlock), "{main}");
            assert!(file.with_test_inputs().is_none(), "{main}\n{}", file.with_test_inputs().unwrap().text());
        }
    }

    #[test]
    fn a_file_that_gives_its_inputs_stays_as_it_is() {
        let (_, text) = good().into_iter().find(|(stem, _)| stem == "open_shared_name").unwrap();
        assert!(PairFile::parse(text).with_test_inputs().is_none());
    }
}
