use std::fs;

use fusewright_engine::harness::Compiled;
use fusewright_engine::verdict::{Implementation, Kernel, PairError, Stage};

use super::*;

const BROKEN: &str = "\"\"\"Fused Kernels: add one\"\"\"

#<PYTHON>
import torch

def add_one_torch(x):
    return x + (1

# <TRITON>
import torch
import triton
import triton.language as tl

@triton.jit
def add_one_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    pass

def add_one_triton(x, y):
    add_one_kernel[(1,)](x, y, 1, BLOCK=1)
    return x
";

/// The report without colours, as a person reads it where there is no terminal.
fn report(text: &str) -> String {
    let pair = PairFile::parse(text);
    let drawn = pair.diagnostics().iter().map(|diagnostic| render::diagnostic("pair.py", &pair, diagnostic));
    anstream::adapter::strip_str(&drawn.collect::<Vec<_>>().join("\n\n")).to_string()
}

#[test]
fn a_diagnostic_shows_its_line_and_what_helps() {
    insta::assert_snapshot!(report(BROKEN));
}

#[test]
fn lines_that_end_in_cr_are_drawn_as_lines() {
    let text = BROKEN.replace('\n', "\r");
    let pair = PairFile::parse(text.as_str());
    assert!(!pair.diagnostics().is_empty());
    for diagnostic in pair.diagnostics() {
        let drawn = render::diagnostic("pair.py", &pair, diagnostic);
        let (line, _) = render::place(&pair, diagnostic.range.start());
        assert!(
            drawn.contains(&format!("pair.py:{line}:")) || drawn.contains(&format!(":{line}:")),
            "{drawn}"
        );
    }
}

#[test]
fn a_setting_shows_its_line() {
    let text = "[verify]\ndevise = \"cuda\"\n";
    let (_, problems) = config::check_toml(text);
    let drawn = render::setting("fusewright.toml", text, &problems[0]);
    insta::assert_snapshot!(anstream::adapter::strip_str(&drawn).to_string());
}

#[test]
fn safe_fixes_are_applied_until_none_is_left() {
    let text = BROKEN.replace("(1\n", "1\n");
    let (mended, count) = fixes::apply_safe(&PairFile::parse(text.as_str()), &RuleSettings::default(), None);
    assert!(count >= 1);
    assert!(mended.text().contains("\n# <PYTHON>\n"), "{}", mended.text());
    let left = mended.diagnostics().iter().filter_map(|diagnostic| diagnostic.fix.as_ref());
    assert!(!left.into_iter().any(|fix| fix.safe));
}

#[test]
fn what_is_found_is_summed_up() {
    let totals = Totals { files: 2, errors: 1, warnings: 2, fixable: 1, ..Totals::default() };
    assert_eq!(totals.summary(false), "1 error, 2 warnings in 2 files; `fusewright check --fix` mends 1");
    assert_eq!(
        Totals { errors: 3, files: 1, fixed: 2, ..Totals::default() }.summary(true),
        "3 errors in 1 file; 2 fixed"
    );
}

#[test]
fn a_rule_that_the_settings_ignore_is_not_reported() {
    let pair = PairFile::parse(BROKEN);
    let code = pair.diagnostics()[0].rule.code();
    let rules = RuleSettings { ignore: vec![code.to_owned()] };
    let before = pair.diagnostics().len();
    let after = reported(&pair, &rules);
    assert!(after.len() < before);
    assert!(after.iter().all(|diagnostic| diagnostic.rule.code() != code));
}

#[test]
fn a_fixed_file_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pair.py");
    fs::write(&file, BROKEN.replace("(1\n", "1\n")).unwrap();
    let pair = PairFile::parse(source::read(&file).unwrap());
    let (mended, count) = fix(&file, pair.clone(), &RuleSettings::default(), None).unwrap();
    assert!(count >= 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), mended.text());

    let error = fix(&file, pair, &RuleSettings::default(), None).unwrap_err().to_string();
    assert!(error.ends_with("was changed by another program just now, so nothing was fixed: run this again"));
}

#[test]
fn a_compile_error_is_drawn_on_its_line_and_kernels_are_listed() {
    let pair = PairFile::parse(BROKEN.replace("(1\n", "1\n"));
    let kernel = Kernel {
        name: "add_one_kernel".to_owned(),
        line: Some(15),
        launches: 1,
        device_ms: None,
        registers: Some(32),
        shared_bytes: Some(2048),
        spills: Some(4),
    };
    let error = PairError {
        implementation: Implementation::Triton,
        stage: Stage::Compile,
        kind: "CompilationError".to_owned(),
        message: "x_prt is not defined".to_owned(),
        line: Some(16),
        traceback: String::new(),
    };
    let plain = |compiled: &Compiled| {
        anstream::adapter::strip_str(&compile::report("pair.py", &pair, compiled)).to_string()
    };
    let failed = plain(&Compiled { kernels: Vec::new(), error: Some(error) });
    insta::assert_snapshot!(failed, @"
    error: CompilationError: x_prt is not defined
      --> pair.py:16:5
       |
    16 |     pass
       |     ^^^^
    ");
    let compiled = plain(&Compiled { kernels: vec![kernel], error: None });
    insta::assert_snapshot!(compiled, @"compiled pair.py:15 add_one_kernel: 32 registers, 2048 bytes of shared memory, 4 spilled");
}
