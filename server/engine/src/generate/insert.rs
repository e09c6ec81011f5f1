//! Puts a kernel into a pair's text, and nothing else.

use std::ops::Range;

use fusewright_pair::{Block, BlockKind, Diagnostic, PairFile, Rule, Severity};

/// The text with the kernel in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inserted {
    /// The whole new text.
    pub text: String,
    /// The TRITON block in it.
    pub block: String,
    /// What was replaced, in bytes of the old text; empty where text was inserted.
    pub replaced: Range<usize>,
    /// What stands there now.
    pub new_text: String,
}

/// Puts `code`, whose lines end in line feeds, into the TRITON block, which is added where there is none. The error
/// says what in the code makes it no block.
pub fn insert(pair: &PairFile, code: &str) -> Result<Inserted, String> {
    let (replaced, new_text) = change(pair, code).ok_or("there is no place for it in the file")?;
    let mut text = pair.text().to_owned();
    text.replace_range(replaced.clone(), &new_text);
    let changed = PairFile::parse(&*text);
    let block = check(pair, &changed, code)?.to_owned();
    Ok(Inserted { text, block, replaced, new_text })
}

/// What keeps the file from taking any kernel: a fault of its structure outside the TRITON block, or inputs that the
/// reference itself does not take. A missing TEST is none.
pub(super) fn obstacle(pair: &PairFile) -> Option<&Diagnostic> {
    let triton = pair.block(BlockKind::Triton).map(Block::range);
    let outside = |one: &&Diagnostic| !triton.is_some_and(|range| range.contains_range(one.range));
    let fault = |one: &&Diagnostic| is_fault(one) || one.rule == Rule::SignaturesDisagree;
    pair.diagnostics().iter().filter(fault).find(outside)
}

/// Whether a diagnostic is of the text that is there. A block that is not there yet may come later.
fn is_fault(one: &Diagnostic) -> bool {
    one.severity == Severity::Error && one.rule.is_structural() && one.rule != Rule::MissingBlock
}

fn change(pair: &PairFile, code: &str) -> Option<(Range<usize>, String)> {
    let code = code.trim_matches('\n').trim_end();
    let Some(block) = pair.block(BlockKind::Triton) else {
        let fix = pair.insertion(BlockKind::Triton, code)?;
        let edit = fix.edits.into_iter().next()?;
        return Some((edit.range.start().to_usize()..edit.range.end().to_usize(), edit.new_text));
    };
    let newline = pair.newline();
    let (start, end) = (block.content.start().to_usize(), block.content.end().to_usize());
    let old = pair.text().get(start..end)?;
    // The blank lines around the code are the file's style, and stay.
    let blank = |text: &str| text.trim_matches([' ', '\t', '\r', '\n', '\u{c}']).is_empty();
    let head: usize = old.split_inclusive(['\n', '\r']).take_while(|line| blank(line)).map(str::len).sum();
    let kept = old.trim_end_matches([' ', '\t', '\r', '\n', '\u{c}']).len();
    let (from, to) = if head >= kept { (start, start) } else { (start + head, start + kept) };
    let mut new_text = code.replace('\n', newline);
    if from == to {
        // An empty block, whose marker may be the file's last line.
        if old.is_empty() && !pair.text().get(..start)?.ends_with(['\n', '\r']) {
            new_text.insert_str(0, newline);
        }
        new_text.push_str(newline);
    }
    Some((from..to, new_text))
}

/// The block, if it is whole and everything else is as it was.
fn check<'a>(before: &PairFile, after: &'a PairFile, code: &str) -> Result<&'a str, String> {
    let block = after.block(BlockKind::Triton).ok_or("it hides the marker of its own block")?;
    let range = block.range();
    if let Some(fault) =
        after.diagnostics().iter().find(|one| is_fault(one) && range.contains_range(one.range))
    {
        return Err(fault.message.clone());
    }
    let kinds = |pair: &PairFile| {
        let mut kinds: Vec<BlockKind> = pair.blocks().iter().map(|block| block.kind).collect();
        kinds.retain(|kind| *kind != BlockKind::Triton);
        kinds
    };
    let rest = |pair: &PairFile, kind| pair.code(kind).map(str::trim_end).map(str::to_owned);
    let main = |pair: &PairFile| {
        let range = pair.main_block()?;
        pair.text().get(range.start().to_usize()..range.end().to_usize()).map(str::to_owned)
    };
    let same = kinds(before) == kinds(after)
        && [BlockKind::Python, BlockKind::Test].iter().all(|kind| rest(before, *kind) == rest(after, *kind))
        && main(before) == main(after);
    let found = after.code(BlockKind::Triton).unwrap_or_default();
    if !same || found.replace(after.newline(), "\n").trim() != code.trim() {
        return Err("it holds markers of blocks, which would cut the file in other places".to_owned());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str =
        "import triton\n\n\n@triton.jit\ndef k(x):\n    pass\n\n\ndef f_triton(x):\n    k[(1,)](x)\n";

    fn inserted(text: &str) -> Inserted {
        insert(&PairFile::parse(text), CODE).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// Every way in which the same file may be written.
    fn variants(text: &str) -> Vec<String> {
        let crlf = text.replace('\n', "\r\n");
        let marked = format!("\u{feff}{text}");
        let unended = text.trim_end().to_owned();
        vec![text.to_owned(), crlf.clone(), format!("\u{feff}{crlf}"), marked, unended]
    }

    #[test]
    fn only_the_block_changes_in_every_style() {
        let head = "\"\"\"F.\"\"\"\n# <PYTHON>\ndef f_torch(x):\n    return x\n";
        let test = "# <TEST>\ndef get_test_inputs():\n    return ()\n";
        let files = [
            format!("{head}\n# <TRITON>\ndef old(:\n\n\n{test}"),
            format!("{head}# <TRITON>\n\nold = 1\n# </TRITON>\n{test}# </TEST>\n")
                .replace("# <TRITON>", "# </PYTHON>\n# <TRITON>"),
            format!("{head}# <TRITON>\n{test}"),
            format!("{head}# </PYTHON>\n\n# <TRITON>\n# </TRITON>\n\n{test}# </TEST>\n"),
            format!("{head}# </PYTHON>\n\n{test}# </TEST>\nif __name__ == \"__main__\":\n    print(1)\n"),
            format!("{head}\n{test}"),
            head.to_owned(),
            format!("{head}# <TRITON>"),
        ];
        for text in files.iter().flat_map(|text| variants(text)) {
            let got = inserted(&text);
            let before = PairFile::parse(&*text);
            let after = PairFile::parse(&*got.text);
            assert!(got.text.starts_with(&text[..got.replaced.start]), "{text}");
            assert!(got.text.ends_with(&text[got.replaced.end..]), "{text}");
            let code = after.code(BlockKind::Triton).unwrap();
            assert_eq!(code.replace("\r\n", "\n").trim(), CODE.trim(), "{text}");
            assert_eq!(got.block, code);
            assert_eq!(before.code(BlockKind::Test), after.code(BlockKind::Test), "{text}");
            if text.contains("\r\n") {
                assert_eq!(
                    got.text.matches('\n').count(),
                    got.text.matches("\r\n").count(),
                    "{:?}",
                    got.text
                );
            } else {
                assert!(!got.text.contains('\r'));
            }
            // What was inserted once is replaced by itself.
            assert_eq!(insert(&after, CODE).unwrap().text, got.text, "{text}");
        }
    }

    #[test]
    fn code_that_would_cut_the_file_is_refused() {
        let pair =
            PairFile::parse("# <PYTHON>\ndef f_torch(x):\n    return x\n# <TRITON>\n# <TEST>\nx = 1\n");
        for code in [
            format!("{CODE}# <TEST>\ny = 2\n"),
            format!("# <PYTHON>\n{CODE}"),
            format!("{CODE}# </TRITON>\n"),
            "x = (\n".to_owned(),
            "x = '''\n".to_owned(),
        ] {
            assert!(insert(&pair, &code).is_err(), "{code}");
        }
    }

    #[test]
    fn what_is_wrong_elsewhere_is_found_before_anybody_is_asked() {
        let obstacle_of = |text: &str| obstacle(&PairFile::parse(text)).map(|one| one.message.clone());
        assert_eq!(obstacle_of("# <PYTHON>\nx = 1\n"), None);
        assert_eq!(obstacle_of("# <PYTHON>\nx = 1\n# <TRITON>\ndef (\n# <TEST>\ny = 1\n"), None);
        assert!(obstacle_of("# <PYTHON>\ndef (\n# <TRITON>\nz = 1\n# <TEST>\ny = 1\n").is_some());
    }
}
