//! A file while its syntax tree is at hand: everything that the rules look at.

use std::sync::OnceLock;

use ruff_python_ast::Stmt;
use ruff_python_parser::ParseError;
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::block::{Block, BlockKind, Style};
use crate::entry::{Definition, Found, Hints, NotFound, Side, find};
use crate::facts::Deeds;
use crate::inputs::{Inputs, PerformanceCall, performance_calls};
use crate::kernels::kernels;
use crate::layout::{BlockLayout, Layout, Problem, Unmatched};
use crate::lines::{Lines, to_u32};
use crate::marker::Marker;
use crate::outline::{Callable, Outline, definition, docstring};
use crate::pair_file::Facts;
use crate::part::Token;
use crate::rules;
use crate::scaffold::callable;
use crate::scope::Names;
use crate::syntax::{Region, is_inert, is_main_guard};
use crate::triton::{Device, Version};

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
    /// The kernels of TRITON and the code around them, if it can be judged by what it means.
    pub(crate) device: Option<Device<'a>>,
    /// The version of Triton that the pair is for, where it is known.
    pub(crate) triton: Option<Version>,
    /// What the blocks do.
    pub(crate) deeds: Deeds<'a>,
}

impl<'a> File<'a> {
    /// Puts together what was parsed.
    pub(crate) fn new(text: &'a str, lines: Lines, layout: Layout, regions: &[Region<'a>]) -> Self {
        let mut file = Self {
            text,
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
            device: None,
            triton: None,
            deeds: Deeds::default(),
        };
        file.lay_out();
        file.find_inputs();
        file.find_entry();
        file.kernels = file
            .section(BlockKind::Triton)
            .map(|triton| kernels(triton.statements, &triton.outline))
            .unwrap_or_default();
        file.device =
            file.sound(BlockKind::Triton).map(|triton| Device::of(triton.statements, &triton.outline));
        file.deeds = Deeds::of(&file);
        file
    }

    /// Gives each statement its place: a block, the main block, or none.
    fn lay_out(&mut self) {
        let last = self.regions.len() - 1;
        let mut in_block = vec![false; self.regions.len()];
        // What stands behind the last block: the main block, if it is more than strings.
        let mut behind: &'a [Stmt] = &[];
        for block in self.layout.blocks.clone() {
            let at = block.opening + 1;
            in_block[at] = true;
            let rest = self.add_block(block, self.regions[at]);
            if at == last {
                behind = rest;
            } else {
                self.outside.push(rest);
            }
        }
        let closed_at_end = self.layout.borders.last().is_some_and(|border| border.closing);
        for (at, region) in self.regions.clone().into_iter().enumerate().filter(|(at, _)| !in_block[*at]) {
            if let Some(error) = region.error {
                self.errors.push(SyntaxError { error, block: None, region });
            }
            if at == last && closed_at_end {
                behind = region.statements;
            } else {
                self.outside.push(region.statements);
            }
        }
        if let Some(first) = behind.iter().position(|statement| !is_inert(statement)) {
            self.set_main(&behind[first..]);
        }
        self.errors.sort_by_key(|error| error.region.range.start());
    }

    /// Adds a block and gives back what follows it in its region: an open block ends at the main block.
    fn add_block(&mut self, block: BlockLayout, region: Region<'a>) -> &'a [Stmt] {
        let guard = region.statements.iter().position(is_main_guard);
        let (mut statements, mut content, mut rest) = (region.statements, region.range, &[][..]);
        match guard {
            Some(guard) if block.closing.is_none() => {
                (statements, rest) = region.statements.split_at(guard);
                content = TextRange::new(content.start(), rest[0].start().max(content.start()));
            }
            Some(guard) if block.kind == BlockKind::Test => self.set_main(&region.statements[guard..=guard]),
            _ => {}
        }
        let within = |error: &&ParseError| rest.is_empty() || error.start() < content.end();
        let error = region.error.filter(within);
        if let Some(found) = region.error {
            self.errors.push(SyntaxError { error: found, block: error.map(|_| block.kind), region });
        }
        let found = Block {
            kind: block.kind,
            opening: self.layout.borders[block.opening].range,
            content,
            closing: block.closing.map(|closing| self.layout.borders[closing].range),
        };
        self.empty.push(error.is_none() && statements.iter().all(is_inert));
        if self.sections[block.kind.index()].is_none() {
            let outline = Outline::of(statements);
            let names = Names::of(statements, &outline);
            let section =
                Section { kind: block.kind, block: found.clone(), statements, error, outline, names };
            self.sections[block.kind.index()] = Some(section);
        }
        self.blocks.push(found);
        rest
    }

    fn set_main(&mut self, statements: &'a [Stmt]) {
        if let [first, .., last] | [first @ last] = statements {
            self.main = Some(TextRange::new(first.start(), last.end()));
            self.main_statements = statements;
        }
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

    /// The tokens of a range of the code, which must begin and end with tokens.
    pub(crate) fn tokens(&self, range: TextRange) -> &'a [Token] {
        let region = self.regions.iter().find(|region| region.range.contains_range(range));
        let tokens = region.map_or(&[][..], |region| region.tokens);
        let first = tokens.partition_point(|token| token.start() < range.start());
        let behind = tokens.partition_point(|token| token.start() < range.end());
        &tokens[first..behind]
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

    /// What of it is kept when the tree is gone.
    pub(crate) fn into_facts(self) -> Facts {
        let diagnostics = rules::check(&self);
        let entry_points =
            match (&self.entry, self.section(BlockKind::Python), self.section(BlockKind::Triton)) {
                (Some(Ok(found)), Some(python), Some(triton)) => {
                    Some(found.to_entry_points(&python.outline, &triton.outline))
                }
                _ => None,
            };
        let reference = callable(&self, BlockKind::Python)
            .and_then(|reference| Some(definition(&self.section(BlockKind::Python)?.outline, &reference)));
        let code = |kind| self.section(kind).map(|section| section.block.content);
        let judged = match BlockKind::ALL.map(code) {
            [Some(python), Some(triton), Some(test)] => {
                let main = self.main.filter(|_| self.inputs == Some(Inputs::MainBlock));
                [python, triton, test].into_iter().chain(main).collect()
            }
            _ => Vec::new(),
        };
        Facts {
            is_pair: true,
            style: self.style,
            main_block: self.main,
            entry_points,
            reference,
            inputs: self.inputs,
            kernels: self.kernels,
            title: self.docstring.and_then(|(text, _)| title(text)).map(str::to_owned),
            judged,
            hash: OnceLock::new(),
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
