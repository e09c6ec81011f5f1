//! The rules against their own examples, and their pages against the table.

use std::path::{Path, PathBuf};

use super::{Rule, TABLE};
use crate::{Diagnostic, PairFile};

fn found(text: &str, rule: Rule) -> Vec<Diagnostic> {
    let file = PairFile::parse(text);
    file.diagnostics().iter().filter(|diagnostic| diagnostic.rule == rule).cloned().collect()
}

#[test]
fn the_table_is_in_order_and_its_codes_are_stable() {
    for (at, about) in TABLE.iter().enumerate() {
        assert_eq!(about.rule as usize, at, "{}", about.code);
        assert_eq!(Rule::from_code(about.code), Some(about.rule));
        assert!(about.summary.ends_with('.') && about.why.ends_with(['.', ')']), "{}", about.code);
    }
    let names: Vec<_> = Rule::ALL.iter().map(|rule| format!("{} {}", rule.code(), rule.name())).collect();
    insta::assert_snapshot!(names.join("\n"));
    assert_eq!(Rule::from_code("FW999"), None);
}

#[test]
fn a_bad_example_has_its_fault_and_no_other() {
    for about in TABLE {
        let file = PairFile::parse(about.bad);
        let rules: Vec<_> = file.diagnostics().iter().map(|diagnostic| diagnostic.rule.code()).collect();
        // An import that stands outside of the blocks is also missing inside.
        let expected: &[&str] = if about.code == "FW108" { &["FW108", "FW207"] } else { &[about.code] };
        assert_eq!(rules, expected, "{}: {:#?}", about.code, file.diagnostics());
    }
}

#[test]
fn a_good_example_has_no_fault_at_all() {
    for about in TABLE {
        let file = PairFile::parse(about.good);
        assert_eq!(file.diagnostics(), [], "{}", about.code);
        assert!(
            file.entry_points().is_some() && file.inputs().is_some() && file.hash().is_some(),
            "{}",
            about.code
        );
    }
}

#[test]
fn a_fix_is_offered_where_the_page_says_so_and_mends_the_example() {
    for about in TABLE {
        for diagnostic in found(about.bad, about.rule) {
            assert_eq!(diagnostic.fix.is_some(), about.fix.is_some(), "{}", about.code);
            let Some(fix) = diagnostic.fix else { continue };
            let mended = fix.apply(about.bad).unwrap();
            assert_eq!(found(&mended, about.rule), [], "{}\n{mended}", about.code);
            assert_eq!(found(&mended, Rule::SyntaxError), [], "{}\n{mended}", about.code);
            if fix.safe {
                assert_eq!(PairFile::parse(&*mended).diagnostics(), [], "{}\n{mended}", about.code);
            }
        }
    }
}

#[test]
fn the_messages_read_well() {
    let messages: Vec<_> = TABLE
        .iter()
        .flat_map(|about| {
            let file = PairFile::parse(about.bad);
            file.diagnostics()
                .iter()
                .map(|one| {
                    let range = one.range.start().to_usize()..one.range.end().to_usize();
                    let line = file.line_of(one.range.start());
                    format!("{} line {line} {:?}\n  {}", one.rule.code(), &about.bad[range], one.message)
                })
                .collect::<Vec<_>>()
        })
        .collect();
    insta::assert_snapshot!(messages.join("\n"));
}

fn pages() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
    let mut pages: Vec<_> =
        Rule::ALL.iter().map(|rule| (folder.join(format!("{}.md", rule.code())), rule.page())).collect();
    pages.push((folder.join("README.md"), Rule::index_page()));
    pages
}

/// `UPDATE_PAGES=1 cargo test -p fusewright-pair pages` writes them.
#[test]
fn the_pages_say_what_the_table_says() {
    let update = std::env::var_os("UPDATE_PAGES").is_some();
    for (path, page) in pages() {
        if update {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &page).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(
            written,
            page,
            "{} is out of date: run `UPDATE_PAGES=1 cargo test -p fusewright-pair pages`",
            path.display()
        );
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), pages().len(), "a page of no rule");
}
