//! The pair file as a whole.

use std::sync::{Arc, OnceLock};

use ruff_text_size::{TextRange, TextSize};

use crate::analysis::{analyse, with_file};
use crate::block::{Block, BlockKind, Style};
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::entry::{Definition, EntryPoints};
use crate::file::{File, newline};
use crate::hash::hash;
use crate::inputs::Inputs;
use crate::lines::Lines;
use crate::rules::{block_insertion, silence};
use crate::scaffold::candidate_name;
use crate::test_inputs::conversion;
use crate::triton::Version;

/// A parsed pair file. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct PairFile {
    pub(crate) text: Arc<str>,
    pub(crate) facts: Arc<Facts>,
}

/// What is known of a file.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) lines: Lines,
    pub(crate) is_pair: bool,
    pub(crate) style: Option<Style>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) main_block: Option<TextRange>,
    pub(crate) entry_points: Option<EntryPoints>,
    pub(crate) reference: Option<Definition>,
    pub(crate) inputs: Option<Inputs>,
    pub(crate) kernels: Vec<Definition>,
    pub(crate) title: Option<String>,
    /// What a verdict on it is about; nothing where a block is missing.
    pub(crate) judged: Vec<TextRange>,
    /// Its hash, made when it is first asked for: not at every keystroke.
    pub(crate) hash: OnceLock<String>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Facts {
    /// What is known of a file that is no pair.
    pub(crate) fn none(lines: Lines) -> Self {
        Self {
            lines,
            is_pair: false,
            style: None,
            blocks: Vec::new(),
            main_block: None,
            entry_points: None,
            reference: None,
            inputs: None,
            kernels: Vec::new(),
            title: None,
            judged: Vec::new(),
            hash: OnceLock::new(),
            diagnostics: Vec::new(),
        }
    }
}

impl PairFile {
    /// Reads a file. Any text is read; what is wrong with it is told by [`PairFile::diagnostics`].
    pub fn parse(text: impl Into<Arc<str>>) -> Self {
        Self::parse_for(text, None)
    }

    /// The same for one version of Triton, whose interface the rules then go by.
    pub fn parse_for(text: impl Into<Arc<str>>, triton: Option<Version>) -> Self {
        let text = text.into();
        let facts = Arc::new(analyse(&text, triton));
        Self { text, facts }
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the file has a marker, or something that was meant to be one. Nothing is reported on other files.
    pub fn is_pair(&self) -> bool {
        self.facts.is_pair
    }

    /// How its blocks end.
    pub fn style(&self) -> Option<Style> {
        self.facts.style
    }

    /// Its blocks, in text order.
    pub fn blocks(&self) -> &[Block] {
        &self.facts.blocks
    }

    /// The first block of a kind.
    pub fn block(&self, kind: BlockKind) -> Option<&Block> {
        self.facts.blocks.iter().find(|block| block.kind == kind)
    }

    /// A block's whole text between its markers.
    pub fn code(&self, kind: BlockKind) -> Option<&str> {
        self.block(kind).and_then(|block| slice(&self.text, block.content))
    }

    /// What runs when the file is run: in the open style `if __name__ == "__main__":` and what follows it, in the
    /// closed style the code after the last marker.
    pub fn main_block(&self) -> Option<TextRange> {
        self.facts.main_block
    }

    /// The two functions that are compared; none where none or several are likely, and a diagnostic says why.
    pub fn entry_points(&self) -> Option<&EntryPoints> {
        self.facts.entry_points.as_ref()
    }

    /// The function of PYTHON that is compared, or would be: also where TRITON is missing.
    pub fn reference(&self) -> Option<&Definition> {
        self.facts.reference.as_ref()
    }

    /// The name that the candidate has, or should have by the convention that the reference's name follows.
    pub fn candidate_name(&self) -> Option<String> {
        match self.entry_points() {
            Some(entry) => Some(entry.candidate.name.clone()),
            None => self.reference().map(|reference| candidate_name(&reference.name)),
        }
    }

    /// Where the inputs come from.
    pub fn inputs(&self) -> Option<Inputs> {
        self.facts.inputs
    }

    /// The functions of TRITON under `triton.jit`.
    pub fn kernels(&self) -> &[Definition] {
        &self.facts.kernels
    }

    /// The first line of the file's docstring, without `Fused Kernels:`.
    pub fn title(&self) -> Option<&str> {
        self.facts.title.as_deref()
    }

    /// The SHA-256, in hexadecimal, of the three blocks and, where the inputs come from it, the main block. None
    /// unless the three blocks are there.
    pub fn hash(&self) -> Option<&str> {
        if self.facts.judged.is_empty() {
            return None;
        }
        let parts = self.facts.judged.iter().filter_map(|range| slice(&self.text, *range));
        Some(self.facts.hash.get_or_init(|| hash(parts)))
    }

    /// What is wrong with the file, in text order.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.facts.diagnostics
    }

    /// The first thing wrong with the file's structure, its syntax included, that keeps it from being run.
    pub fn structure_error(&self) -> Option<&Diagnostic> {
        self.facts
            .diagnostics
            .iter()
            .find(|diagnostic| diagnostic.severity == Severity::Error && diagnostic.rule.is_structural())
    }

    /// The first thing that makes the pair prove something else than that its kernel is right and fast.
    pub fn trust_error(&self) -> Option<&Diagnostic> {
        self.facts
            .diagnostics
            .iter()
            .find(|diagnostic| diagnostic.severity == Severity::Error && diagnostic.rule.is_about_trust())
    }

    /// For a file whose inputs come from its main block: the same file with a `get_test_inputs()` in TEST that gives
    /// them. None where the file has one already, and where it is not certain that the inputs would be the same.
    #[must_use]
    pub fn with_test_inputs(&self) -> Option<Self> {
        if self.inputs() != Some(Inputs::MainBlock) {
            return None;
        }
        let fix = with_file(&self.text, |file| conversion(&file)).ok()??;
        let converted = Self::parse(fix.apply(&self.text)?);
        // What is about trust is no reason not to convert.
        let counts = |one: &&Diagnostic| one.severity == Severity::Error && one.rule.may_be_ignored();
        let errors = |file: &Self| file.diagnostics().iter().filter(counts).count();
        let sound = matches!(converted.inputs(), Some(Inputs::GetTestInputs(_)))
            && errors(&converted) <= errors(self);
        sound.then_some(converted)
    }

    /// The change that adds a block with this code, in its place and in the file's style and line ends. None where there
    /// is such a block already, or no block at all.
    pub fn insertion(&self, kind: BlockKind, code: &str) -> Option<Fix> {
        let code = code.trim_matches('\n').replace('\n', self.newline());
        let end = if self.style() == Some(Style::Closed) { "" } else { self.newline() };
        let edit = |file: &File<'_>| block_insertion(file, kind, &format!("{code}{end}"));
        let edit = with_file(&self.text, |file| edit(&file)).ok()?.filter(|_| self.block(kind).is_none())?;
        Some(Fix::unsafe_(format!("Add the block `{}`", kind.opening_marker()), vec![edit]))
    }

    /// The change that silences a finding on its line by a comment. None where nothing silences its rule, and where no
    /// comment can stand.
    pub fn silencing(&self, diagnostic: &Diagnostic) -> Option<Fix> {
        let first = self.line_of(diagnostic.range.start());
        let last = self.line_of(diagnostic.range.end());
        // A finding on several lines may be silenced on its first or on its last.
        let silence = |line| {
            let fix = with_file(&self.text, |file| silence(&file, diagnostic.rule, line)).ok()??;
            let silenced = Self::parse(fix.apply(&self.text)?);
            let count =
                |file: &Self| file.diagnostics().iter().filter(|one| one.rule == diagnostic.rule).count();
            (count(&silenced) < count(self)).then_some(fix)
        };
        silence(first).or_else(|| silence(last))
    }

    /// The 1-based line of an offset. Lines end at LF, CR and CRLF.
    pub fn line_of(&self, offset: TextSize) -> u32 {
        self.facts.lines.line_of(offset)
    }

    /// The text of a 1-based line without indentation and line end. A line beyond the last gives the last.
    pub fn line_range(&self, line: u32) -> TextRange {
        self.facts.lines.trimmed_range(&self.text, line)
    }
}

impl PairFile {
    /// The line end that the file uses.
    pub fn newline(&self) -> &'static str {
        newline(&self.text)
    }
}

pub(crate) fn slice(text: &str, range: TextRange) -> Option<&str> {
    text.get(range.start().to_usize()..range.end().to_usize())
}
