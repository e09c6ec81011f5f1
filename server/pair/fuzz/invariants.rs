//! What holds for every text, whoever wrote it. The crate's own tests and the fuzz target both ask for it.

use fusewright_pair::{BlockKind, PairFile, Reader, Rule, Style, Version};

/// Reads a text, checks what is said of it, and applies every fix and conversion. Panics where something does not hold.
pub(crate) fn check(text: &str) {
    let file = PairFile::parse(text);
    assert_eq!(file.text(), text);
    let mut last = 0;
    for block in file.blocks() {
        for range in [Some(block.opening), Some(block.content), block.closing].into_iter().flatten() {
            assert!(text.get(range.start().to_usize()..range.end().to_usize()).is_some());
        }
        assert!(block.opening.start().to_usize() >= last && block.content.start() >= block.opening.end());
        last = block.range().end().to_usize();
    }
    diagnostics(text, &file);
    versions(text, &file);
    if !file.is_pair() {
        assert!(file.diagnostics().is_empty() && file.blocks().is_empty());
    }
    assert_eq!(file.hash().is_some(), BlockKind::ALL.iter().all(|kind| file.block(*kind).is_some()));
    for line in [0, 1, 2, 1000, u32::MAX] {
        let range = file.line_range(line);
        assert!(text.get(range.start().to_usize()..range.end().to_usize()).is_some());
    }
    if let Some(converted) = file.with_test_inputs() {
        assert!(converted.inputs() != file.inputs());
    }
    for style in [Style::Open, Style::Closed] {
        if let Some(fix) = file.conversion_to(style) {
            assert_eq!(PairFile::parse(fix.apply(text).unwrap()).style(), Some(style));
        }
    }
    for fix in [file.scaffolding(), file.drafted_inputs(), file.moved_inputs()].into_iter().flatten() {
        PairFile::parse(fix.apply(text).unwrap());
    }
    for version in [Version::new(3, 2), Version::new(3, 6), Version::new(3, 9)] {
        PairFile::parse_for(text, Some(version));
    }
}

/// Reads the text after others that differ from it in one place: what an edit leaves alone is not parsed again.
fn versions(text: &str, file: &PairFile) {
    let sum: usize = text.bytes().map(usize::from).sum();
    let (before, after) = text.split_at(text.floor_char_boundary(sum % (text.len() + 1)));
    let mut reader = Reader::default();
    for other in [format!("{before}x{after}"), before.to_owned(), format!("{before}\n{after}")] {
        reader.read(other, None);
        let again = reader.read(text, None);
        let known = |file: &PairFile| {
            format!(
                "{:?}",
                (file.diagnostics(), file.blocks(), file.entry_points(), file.kernels(), file.title())
            )
        };
        assert_eq!(known(&again), known(file), "{text}");
    }
}

fn diagnostics(text: &str, file: &PairFile) {
    let mut start = 0;
    for diagnostic in file.diagnostics() {
        let range = diagnostic.range.start().to_usize()..diagnostic.range.end().to_usize();
        assert!(text.get(range.clone()).is_some(), "{diagnostic:?}");
        assert!(range.start >= start, "not in text order");
        start = range.start;
        assert!(!diagnostic.message.contains('\n') && diagnostic.message.len() > 10, "{diagnostic:?}");
        if let Some(fix) = file.silencing(diagnostic) {
            let silenced = PairFile::parse(fix.apply(text).unwrap());
            let syntax = |file: &PairFile| {
                file.diagnostics().iter().filter(|one| one.rule == Rule::SyntaxError).count()
            };
            assert!(syntax(&silenced) <= syntax(file), "{diagnostic:?}\n{}", silenced.text());
        }
        let Some(fix) = &diagnostic.fix else { continue };
        let mut end = 0;
        for edit in &fix.edits {
            assert!(edit.range.start().to_usize() >= end, "edits overlap: {fix:?}");
            end = edit.range.end().to_usize();
        }
        let mended = fix.apply(text).unwrap_or_else(|| panic!("{fix:?}"));
        assert_ne!(mended, text, "a fix that changes nothing: {diagnostic:?}");
        let again = PairFile::parse(&*mended);
        let count = |file: &PairFile, rule| file.diagnostics().iter().filter(|one| one.rule == rule).count();
        if count(file, Rule::SyntaxError) == 0 {
            assert_eq!(count(&again, Rule::SyntaxError), 0, "{diagnostic:?}\n{mended}");
            assert!(
                count(&again, diagnostic.rule) < count(file, diagnostic.rule),
                "{diagnostic:?}\n{mended}"
            );
        }
    }
}
