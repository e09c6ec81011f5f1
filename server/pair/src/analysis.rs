//! From a text to what is known of it: one parse, one walk of each block, then the rules.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{ModModule, Stmt};
use ruff_python_parser::{ParseError, Parsed};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::block::{Block, BlockKind, Style};
use crate::entry::{Definition, Found, Hints, NotFound, Side, find};
use crate::inputs::{Inputs, PerformanceCall, performance_calls};
use crate::layout::{Layout, Problem, Unmatched};
use crate::lines::{Lines, to_u32};
use crate::marker::{Marker, candidates};
use crate::outline::{Callable, Outline, docstring, kernels};
use crate::pair_file::{Facts, slice};
use crate::scope::Names;
use crate::syntax::{Region, cut, is_inert, is_main_guard, parse_file, parse_part};
use crate::{hash, rules};

/// Longer texts are no pair files; they are not read.
const LONGEST_TEXT: usize = 4 << 20;

/// Reads a text.
pub(crate) fn analyse(text: &str) -> Facts {
    #[allow(
        clippy::redundant_closure_for_method_calls,
        reason = "the method alone is not general enough in its lifetime"
    )]
    match with_file(text, |file| file.into_facts()) {
        Ok(facts) => facts,
        Err(lines) => Facts::none(lines),
    }
}

/// Reads a text and hands over the file with its syntax tree; gives the lines back if the text is no pair.
pub(crate) fn with_file<T>(text: &str, read: impl FnOnce(File<'_>) -> T) -> Result<T, Lines> {
    if text.len() > LONGEST_TEXT {
        return Err(Lines::new(""));
    }
    let lines = Lines::new(text);
    let candidates = candidates(text, &lines);
    if candidates.is_empty() {
        return Err(lines);
    }
    let whole = parse_file(text);
    let markers = choose(&candidates, &whole);
    if !is_pair(&markers) {
        return Err(lines);
    }
    let layout = Layout::of(&markers);
    let ranges = layout.regions(&lines, TextSize::new(to_u32(text.len())));
    // A valid file whose statements keep to their regions needs no second look: each region is valid alone.
    let valid = whole.errors().is_empty() && cut(whole.suite(), &ranges).is_some();
    let parts: Vec<_> =
        if valid { Vec::new() } else { ranges.iter().map(|range| parse_part(text, *range)).collect() };
    let depth = parts
        .iter()
        .chain([&whole])
        .map(|parsed| longest_statement(parsed.tokens()))
        .max()
        .unwrap_or_default();
    Ok(on_deep_stack(depth, move || {
        let regions =
            if valid { cut(whole.suite(), &ranges).unwrap_or_default() } else { separate(&parts, &ranges) };
        let result = read(File::new(text, lines, layout, &regions, &whole));
        // Dropping a deep tree takes as much stack as walking it.
        drop((whole, parts));
        result
    }))
}

fn separate<'a>(parts: &'a [Parsed<ModModule>], ranges: &[TextRange]) -> Vec<Region<'a>> {
    parts
        .iter()
        .zip(ranges)
        .map(|(part, range)| Region {
            range: *range,
            statements: part.suite(),
            error: part.errors().iter().min_by_key(|error| error.start()),
            tokens: Some(part.tokens()),
        })
        .collect()
}

/// The markers among the lines that look like one.
fn choose(candidates: &[Marker], whole: &Parsed<ModModule>) -> Vec<Marker> {
    let tokens = whole.tokens();
    let is_comment = |marker: &Marker| {
        tokens
            .binary_search_by_key(&marker.range.start(), Ranged::start)
            .is_ok_and(|at| tokens[at].kind() == TokenKind::Comment)
    };
    let comments: Vec<Marker> = candidates.iter().filter(|marker| is_comment(marker)).copied().collect();
    let commented = without_echoes(&comments);
    if whole.errors().is_empty() || commented.len() == candidates.len() {
        return commented;
    }
    // A string that was opened and not closed yet swallows the markers behind it. Where all lines taken as markers
    // make a better file than those outside of strings, the string is what is wrong.
    let all: Vec<Marker> = candidates.iter().filter(|marker| marker.exact).copied().collect();
    let problems = |markers: &[Marker]| Layout::of(markers).problems.len();
    if commented.is_empty() || problems(&all) < problems(&commented) { all } else { commented }
}

/// Leaves out near misses of a marker that stands elsewhere as it should: they are ordinary comments.
fn without_echoes(markers: &[Marker]) -> Vec<Marker> {
    let exact = |marker: &Marker| {
        markers
            .iter()
            .any(|other| other.exact && (other.kind, other.closing) == (marker.kind, marker.closing))
    };
    markers.iter().filter(|marker| marker.exact || !exact(marker)).copied().collect()
}

/// A lone `# <test>` makes no pair of a file that has nothing else of one.
fn is_pair(markers: &[Marker]) -> bool {
    markers.iter().any(|marker| marker.exact || marker.kind != BlockKind::Test) || markers.len() > 1
}

/// The most tokens in one statement: no expression is deeper.
fn longest_statement(tokens: &Tokens) -> usize {
    let (mut longest, mut length) = (0, 0);
    for token in tokens {
        length += 1;
        if token.kind() == TokenKind::Newline {
            longest = longest.max(length);
            length = 0;
        }
    }
    longest.max(length)
}

/// Runs something that recurses into a syntax tree, on a stack that the tree cannot exhaust.
fn on_deep_stack<T>(depth: usize, run: impl FnOnce() -> T) -> T {
    const SHALLOW: usize = 256;
    const FRAMES: usize = if cfg!(debug_assertions) { 6 << 10 } else { 2 << 10 };
    if depth <= SHALLOW {
        run()
    } else {
        stacker::maybe_grow(depth * FRAMES, depth * FRAMES + (1 << 20), run)
    }
}

/// One block's code.
pub(crate) struct Section<'a> {
    pub(crate) kind: BlockKind,
    pub(crate) block: Block,
    pub(crate) statements: &'a [Stmt],
    pub(crate) error: Option<&'a ParseError>,
    pub(crate) outline: Outline<'a>,
    pub(crate) names: Names<'a>,
}

impl Section<'_> {
    /// Whether there is nothing to run in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.error.is_none() && self.statements.iter().all(is_inert)
    }

    /// Whether it can be judged by what it means.
    pub(crate) fn is_sound(&self) -> bool {
        self.error.is_none() && !self.is_empty()
    }
}

/// A syntax error and where it belongs.
pub(crate) struct SyntaxError<'a> {
    pub(crate) error: &'a ParseError,
    pub(crate) block: Option<BlockKind>,
    pub(crate) region: Region<'a>,
}

/// A file while it is read: everything that the rules look at.
pub(crate) struct File<'a> {
    pub(crate) text: &'a str,
    pub(crate) tokens: &'a Tokens,
    pub(crate) lines: Lines,
    pub(crate) newline: &'static str,
    pub(crate) style: Option<Style>,
    pub(crate) layout: Layout,
    pub(crate) blocks: Vec<Block>,
    /// Whether each of the blocks is empty.
    pub(crate) empty: Vec<bool>,
    /// The first block of each kind.
    sections: [Option<Section<'a>>; 3],
    pub(crate) main: Option<TextRange>,
    pub(crate) main_statements: &'a [Stmt],
    /// Statements that belong to no block, by the stretch of text that they stand in.
    pub(crate) outside: Vec<&'a [Stmt]>,
    pub(crate) regions: Vec<Region<'a>>,
    pub(crate) errors: Vec<SyntaxError<'a>>,
    pub(crate) docstring: Option<(&'a str, TextRange)>,
    pub(crate) calls: Vec<PerformanceCall<'a>>,
    pub(crate) entry: Option<Result<Found<'a>, NotFound>>,
    pub(crate) inputs: Option<Inputs>,
    pub(crate) kernels: Vec<Definition>,
}

impl<'a> File<'a> {
    fn new(
        text: &'a str,
        lines: Lines,
        layout: Layout,
        regions: &[Region<'a>],
        whole: &'a Parsed<ModModule>,
    ) -> Self {
        let mut file = Self {
            text,
            tokens: whole.tokens(),
            newline: newline(text),
            lines,
            style: layout.style,
            layout,
            blocks: Vec::new(),
            empty: Vec::new(),
            sections: [None, None, None],
            main: None,
            main_statements: &[],
            outside: Vec::new(),
            regions: regions.to_vec(),
            errors: Vec::new(),
            docstring: regions
                .iter()
                .find(|region| !region.statements.is_empty())
                .and_then(|region| docstring(region.statements)),
            calls: Vec::new(),
            entry: None,
            inputs: None,
            kernels: Vec::new(),
        };
        file.lay_out(whole.errors().first());
        file.find_inputs();
        file.find_entry();
        file.kernels = file
            .section(BlockKind::Triton)
            .map(|triton| kernels(triton.statements, &triton.outline))
            .unwrap_or_default();
        file
    }

    /// Gives each statement its place: a block, the main block, or none.
    fn lay_out(&mut self, whole_error: Option<&'a ParseError>) {
        let last = self.regions.len() - 1;
        let mut in_block = vec![false; self.regions.len()];
        let mut after_guard: Option<(&'a [Stmt], usize)> = None;
        for block in self.layout.blocks.clone() {
            let at = block.opening + 1;
            let region = self.regions[at];
            in_block[at] = true;
            let guard = region.statements.iter().position(is_main_guard);
            let (mut statements, mut content) = (region.statements, region.range);
            if block.closing.is_none()
                && let Some(guard) = guard
            {
                let (before, rest) = region.statements.split_at(guard);
                statements = before;
                content = TextRange::new(content.start(), rest[0].start().max(content.start()));
                if let Some((earlier, _)) = after_guard.replace((rest, at)) {
                    self.outside.push(earlier);
                }
            } else if let Some(guard) = guard
                && block.kind == BlockKind::Test
            {
                self.main = Some(region.statements[guard].range());
                self.main_statements = &region.statements[guard..=guard];
            }
            let of_block = region
                .error
                .filter(|error| block.closing.is_some() || error.start() < content.end() || guard.is_none());
            let found = Block {
                kind: block.kind,
                opening: self.layout.borders[block.opening].range,
                content,
                closing: block.closing.map(|closing| self.layout.borders[closing].range),
            };
            if let Some(error) = region.error {
                self.errors.push(SyntaxError { error, block: of_block.map(|_| block.kind), region });
            }
            let empty = of_block.is_none() && statements.iter().all(is_inert);
            if self.sections[block.kind.index()].is_none() {
                let outline = Outline::of(statements);
                let names = Names::of(statements, &outline);
                let section = Section {
                    kind: block.kind,
                    block: found.clone(),
                    statements,
                    error: of_block,
                    outline,
                    names,
                };
                self.sections[block.kind.index()] = Some(section);
            }
            self.blocks.push(found);
            self.empty.push(empty);
        }
        let closed_at_end = self.layout.borders.last().is_some_and(|border| border.closing);
        for (at, region) in self.regions.iter().enumerate() {
            if in_block[at] {
                continue;
            }
            if let Some(error) = region.error {
                self.errors.push(SyntaxError { error, block: None, region: *region });
            }
            if at == last && closed_at_end {
                after_guard = after_guard.or(Some((region.statements, at)));
            } else {
                self.outside.push(region.statements);
            }
        }
        if let Some((statements, _)) = after_guard
            && let Some(first) = statements.iter().position(|statement| !is_inert(statement))
        {
            let statements = &statements[first..];
            let end = statements.last().map_or(statements[0].end(), Ranged::end);
            self.main = Some(TextRange::new(statements[0].start(), end));
            self.main_statements = statements;
        }
        if self.errors.is_empty()
            && let Some(error) = whole_error
        {
            let end = TextSize::new(to_u32(self.text.len()));
            let region = Region { range: TextRange::up_to(end), statements: &[], error: None, tokens: None };
            self.errors.push(SyntaxError { error, block: None, region });
        }
        self.errors.sort_by_key(|error| error.region.range.start());
    }

    fn find_inputs(&mut self) {
        let test = self.section(BlockKind::Test);
        let of_test = |name| {
            test.and_then(|test| test.outline.callable(name)).map(|callable: &Callable<'_>| callable.range)
        };
        let (functions, modules) = (of_test("get_test_inputs"), of_test("get_inputs"));
        let in_test = test.map_or(&[][..], |test| test.statements);
        let calls = performance_calls(self.main_statements.iter().chain(in_test));
        let reachable = self.main.is_some() && !calls.is_empty();
        self.inputs = match (functions, modules) {
            (Some(range), _) => Some(Inputs::GetTestInputs(range)),
            (None, Some(range)) if self.has_modules() => Some(Inputs::GetInputs(range)),
            _ if reachable => Some(Inputs::MainBlock),
            _ => None,
        };
        self.calls = calls;
    }

    fn has_modules(&self) -> bool {
        let class = |kind, name: &str| {
            self.section(kind).is_some_and(|section: &Section<'_>| section.outline.callable(name).is_some())
        };
        class(BlockKind::Python, "Model") && class(BlockKind::Triton, "ModelNew")
    }

    fn find_entry(&mut self) {
        let (Some(python), Some(triton)) = (self.section(BlockKind::Python), self.section(BlockKind::Triton))
        else {
            return;
        };
        let hints = Hints {
            tested: self.calls.iter().find_map(|call| call.functions),
            function_inputs: matches!(self.inputs, Some(Inputs::GetTestInputs(_))),
            module_inputs: matches!(self.inputs, Some(Inputs::GetInputs(_))),
            main_decides: matches!(self.inputs, Some(Inputs::MainBlock)),
        };
        let entry = find(
            &Side { outline: &python.outline, helpers: &python.names.helpers },
            &Side { outline: &triton.outline, helpers: &triton.names.helpers },
            hints,
        );
        self.entry = Some(entry);
    }

    /// The first block of a kind.
    pub(crate) fn section(&self, kind: BlockKind) -> Option<&Section<'a>> {
        self.sections[kind.index()].as_ref()
    }

    /// The blocks that are there, the first of each kind.
    pub(crate) fn sections(&self) -> impl Iterator<Item = &Section<'a>> {
        self.sections.iter().flatten()
    }

    /// The block of a kind if it can be judged by what it means.
    pub(crate) fn sound(&self, kind: BlockKind) -> Option<&Section<'a>> {
        self.section(kind).filter(|section| section.is_sound())
    }

    /// Whether a closing marker names a block that is never opened, whose code is likely the region of this number.
    pub(crate) fn is_claimed(&self, statements: &[Stmt]) -> bool {
        self.layout.problems.iter().any(|problem| {
            matches!(problem, Problem::Unmatched { role: Unmatched::NeverOpened(at), .. }
                if std::ptr::eq(self.regions[*at].statements, statements))
        })
    }

    /// Where the text begins behind its byte-order mark.
    pub(crate) fn start(&self) -> TextSize {
        TextSize::new(if self.text.starts_with('\u{feff}') { 3 } else { 0 })
    }

    /// The end of the text.
    pub(crate) fn end(&self) -> TextSize {
        TextSize::new(to_u32(self.text.len()))
    }

    /// The line end that an insertion at an offset needs before it to begin a line.
    pub(crate) fn line_end_before(&self, at: TextSize) -> &'static str {
        let before = &self.text[self.start().to_usize().min(at.to_usize())..at.to_usize()];
        if before.is_empty() || before.ends_with(['\n', '\r']) { "" } else { self.newline }
    }

    /// A marker with its indentation.
    pub(crate) fn marker_line(&self, marker: Marker) -> TextRange {
        let start = self.lines.start_of_line(marker.range.start()).max(self.start());
        TextRange::new(start, marker.range.end())
    }

    /// An offset inside the text, between two characters.
    pub(crate) fn floor_char_boundary(&self, offset: TextSize) -> TextSize {
        TextSize::new(to_u32(self.text.floor_char_boundary(offset.to_usize())))
    }

    fn into_facts(self) -> Facts {
        let diagnostics = rules::check(&self);
        let entry_points =
            match (&self.entry, self.section(BlockKind::Python), self.section(BlockKind::Triton)) {
                (Some(Ok(found)), Some(python), Some(triton)) => {
                    Some(found.to_entry_points(&python.outline, &triton.outline))
                }
                _ => None,
            };
        let code = |kind| self.section(kind).and_then(|section| slice(self.text, section.block.content));
        let hash = match BlockKind::ALL.map(code) {
            [Some(python), Some(triton), Some(test)] => {
                let main = self.main.filter(|_| self.inputs == Some(Inputs::MainBlock));
                let main = main.and_then(|range| slice(self.text, range));
                Some(hash::hash([python, triton, test].into_iter().chain(main)))
            }
            _ => None,
        };
        Facts {
            is_pair: true,
            style: self.style,
            main_block: self.main,
            entry_points,
            inputs: self.inputs,
            kernels: self.kernels,
            title: self.docstring.and_then(|(text, _)| title(text)).map(str::to_owned),
            hash,
            diagnostics,
            blocks: self.blocks,
            lines: self.lines,
        }
    }
}

/// The first line of a docstring, without the prefix that the format gives it.
pub(crate) fn title(docstring: &str) -> Option<&str> {
    let line = docstring.trim_start().lines().next()?.trim();
    let title = line.strip_prefix("Fused Kernels:").map_or(line, str::trim);
    (!title.is_empty() && title != "[DESCRIPTION OF OPERATIONS]").then_some(title)
}

/// The line end that a text uses.
pub(crate) fn newline(text: &str) -> &'static str {
    match text.find(['\n', '\r']) {
        Some(at) if text[at..].starts_with("\r\n") => "\r\n",
        Some(at) if text[at..].starts_with('\r') => "\r",
        _ => "\n",
    }
}
