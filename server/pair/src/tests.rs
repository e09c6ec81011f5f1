//! Whole files: the two styles, every convention, and no false alarm on any of them.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::{
    BlockKind, Convention, Diagnostic, Inputs, PairFile, Rule, Severity, Style, TextRange, TextSize, Version,
};

fn folder(path: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    files.sort();
    files
}

pub(crate) fn good() -> Vec<(String, String)> {
    let read = |path: PathBuf| {
        (path.file_stem().unwrap().to_string_lossy().into(), std::fs::read_to_string(path).unwrap())
    };
    folder("tests/good").into_iter().map(read).collect()
}

fn parse(name: &str) -> PairFile {
    let (_, text) = good().into_iter().find(|(stem, _)| stem == name).unwrap();
    PairFile::parse(text)
}

#[test]
fn good_pairs_have_nothing_reported() {
    let files = good();
    assert!(files.len() >= 12);
    for (name, text) in files {
        let file = PairFile::parse(text);
        assert_eq!(file.diagnostics(), [], "{name}");
        assert!(file.hash().is_some() && file.entry_points().is_some() && file.inputs().is_some(), "{name}");
    }
}

#[test]
fn the_shipped_pairs_have_nothing_reported() {
    let files: Vec<_> = ["../../examples", "../../examples/demo"].into_iter().flat_map(folder).collect();
    assert!(!files.is_empty());
    for path in files {
        let file = PairFile::parse(std::fs::read_to_string(&path).unwrap());
        assert_eq!(file.diagnostics(), [], "{}", path.display());
    }
}

/// Pairs of many kinds that are right: nothing may be reported on them but what is worth knowing, and what a line
/// `# warns: CODE` at their head says.
#[test]
fn honest_pairs_are_not_blamed() {
    let files = folder("../../tests/corpus/honest");
    assert!(files.len() >= 60, "{}", files.len());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let warns = text.lines().find_map(|line| line.strip_prefix("# warns: "));
        for version in [None, Some(Version::new(3, 2)), Some(Version::new(3, 6)), Some(Version::new(3, 9))] {
            let file = PairFile::parse_for(&*text, version);
            // What is new may well be too new for an old version.
            let expected = |one: &&Diagnostic| {
                one.severity == Severity::Info
                    || one.rule == Rule::UnavailableApi && version.is_some()
                    || one.severity == Severity::Warning && warns == Some(one.rule.code())
            };
            let blamed: Vec<_> = file.diagnostics().iter().filter(|one| !expected(one)).collect();
            assert!(blamed.is_empty(), "{} {version:?}\n{blamed:#?}", path.display());
        }
    }
}

#[test]
fn what_is_read_of_good_pairs() {
    let mut read = String::new();
    for (name, text) in good() {
        let file = PairFile::parse(text);
        let entry = file.entry_points().unwrap();
        let line = |range: TextRange| file.line_of(range.start());
        let inputs = match file.inputs().unwrap() {
            Inputs::GetTestInputs(range) => format!("get_test_inputs, line {}", line(range)),
            Inputs::GetInputs(range) => format!("get_inputs, line {}", line(range)),
            Inputs::MainBlock => "main block".to_owned(),
        };
        let kernels: Vec<_> =
            file.kernels().iter().map(|one| format!("{} line {}", one.name, line(one.name_range))).collect();
        writeln!(
            read,
            "{name}\n  {:?} {:?}: {}({}) line {} against {}({}) line {}\n  inputs: {inputs}\n  kernels: {}\n  main: {:?}\n  title: {:?}",
            file.style().unwrap(),
            entry.convention,
            entry.reference.name,
            entry.reference.params.join(", "),
            line(entry.reference.name_range),
            entry.candidate.name,
            entry.candidate.params.join(", "),
            line(entry.candidate.name_range),
            kernels.join(", "),
            file.main_block().map(|main| (line(main), file.line_of(main.end()))),
            file.title(),
        )
        .unwrap();
    }
    insta::assert_snapshot!(read);
}

#[test]
fn blocks_are_kept_to_the_letter() {
    let file = parse("windows_line_ends");
    assert!(file.text().starts_with("\u{feff}\"\"\""));
    let code = file.code(BlockKind::Python).unwrap();
    assert!(code.starts_with("import torch\r\n\r\ndef relu") && code.ends_with("** 2\r\n\r\n"), "{code:?}");
    assert_eq!(file.title(), Some("ReLU²; Überlauf ist 安全 🚀"));
    for block in file.blocks() {
        let text = |range: TextRange| &file.text()[range.start().to_usize()..range.end().to_usize()];
        assert_eq!(text(block.opening), block.kind.opening_marker());
        assert_eq!(block.closing.map(text), Some(block.kind.closing_marker()));
    }
}

#[test]
fn a_lone_carriage_return_ends_a_line() {
    let text = parse("open_shared_name").text().replace('\n', "\r");
    let file = PairFile::parse(text.clone());
    assert_eq!(file.diagnostics(), []);
    assert_eq!(file.blocks().len(), 3);
    let lines = u32::try_from(text.matches('\r').count()).unwrap() + 1;
    assert_eq!(file.line_of(TextSize::new(u32::try_from(text.len()).unwrap())), lines);
}

#[test]
fn a_marker_on_the_first_line_behind_a_byte_order_mark_is_one() {
    let text = format!("\u{feff}{}", parse("no_blank_lines_no_last_newline").text());
    let file = PairFile::parse(text);
    assert_eq!((file.diagnostics(), file.blocks().len()), (&[][..], 3));
}

#[test]
fn other_files_are_no_pairs() {
    for text in ["", "import torch\n", "# <test>\n", "x = '''\n# <PYTHON>\n'''\n", "# a < b\n", "\u{feff}"] {
        let file = PairFile::parse(text);
        assert!(!file.is_pair() && file.diagnostics().is_empty() && file.hash().is_none(), "{text:?}");
        assert_eq!(file.style(), None);
    }
    assert!(PairFile::parse("#<TEST>\n#<TRITON>\n").is_pair());
}

#[test]
fn the_hash_is_of_the_blocks_and_of_the_main_block_where_it_gives_the_inputs() {
    let open = parse("open_with_main_and_checks");
    let changed = |from: &str, to: &str, file: &PairFile| {
        assert!(file.text().contains(from));
        PairFile::parse(file.text().replace(from, to)).hash().unwrap().to_owned()
    };
    let hash = open.hash().unwrap();
    assert_eq!(changed("sys.exit(0)", "sys.exit(1)", &open), hash, "the main block gives no inputs");
    assert_eq!(changed("A second paragraph", "Another paragraph", &open), hash);
    assert_ne!(changed("float16", "float32", &open), hash);
    let closed = parse("closed_main_block");
    assert_ne!(changed("4096, 1024", "4096, 1025", &closed), closed.hash().unwrap());
}

fn pair(python: &str, triton: &str, test: &str) -> PairFile {
    PairFile::parse(format!(
        "# <PYTHON>\n{python}\n# <TRITON>\nimport triton\n@triton.jit\ndef kernel(): pass\n{triton}\n# <TEST>\n{test}\n"
    ))
}

fn names(file: &PairFile) -> Option<(Convention, &str, &str)> {
    let entry = file.entry_points()?;
    Some((entry.convention, &entry.reference.name, &entry.candidate.name))
}

#[test]
fn the_conventions_in_their_order() {
    let cases: &[(&str, &str, Convention, &str, &str)] = &[
        (
            "def a_torch(x): pass\ndef other(x): pass",
            "def other(x): pass\ndef a_triton(x): pass",
            Convention::NamePair,
            "a_torch",
            "a_triton",
        ),
        (
            "def a_pytorch(x): pass",
            "@triton.jit\ndef a_triton(x): pass\ndef a_triton_wrapper(x): pass",
            Convention::NamePair,
            "a_pytorch",
            "a_triton_wrapper",
        ),
        (
            "def a_torch(x): pass",
            "def a_triton(x): pass\ndef a_triton_wrapper(x): pass",
            Convention::NamePair,
            "a_torch",
            "a_triton_wrapper",
        ),
        (
            "def f(x): pass\ndef g(x): pass",
            "def f(x): pass\ndef h(x): pass",
            Convention::SharedName,
            "f",
            "f",
        ),
        (
            "from m import f_torch\ndef f(x): pass",
            "from m import f_triton\ndef f(x): pass",
            Convention::SharedName,
            "f",
            "f",
        ),
        ("def f(x): pass\ndef _g(x): pass", "def h(x): pass", Convention::OnlyFunction, "f", "h"),
        ("def f(x): pass\ndef g(x): pass", "def h(x): pass", Convention::OnlyFunction, "g", "h"),
        ("def f(x): return g(x)\ndef g(x): pass", "def h(x): pass", Convention::OnlyFunction, "f", "h"),
        (
            "def _f(x): pass",
            "class Op:\n    def forward(ctx, x): pass\nrun = Op.apply",
            Convention::OnlyFunction,
            "_f",
            "run",
        ),
        (
            "class Model: pass",
            "class ModelNew: pass\ndef h(x): pass",
            Convention::Modules,
            "Model",
            "ModelNew",
        ),
        (
            "def check(x): pass\ndef f(x): check(x)",
            "def check(x): pass\ndef g(x): check(x)",
            Convention::OnlyFunction,
            "f",
            "g",
        ),
        (
            "if True:\n    def f_torch(x): pass",
            "try:\n    def f_triton(x): pass\nexcept Exception: pass",
            Convention::NamePair,
            "f_torch",
            "f_triton",
        ),
        (
            "f_torch = lambda x: x",
            "import functools\ndef run(x, n): pass\nf_triton = functools.partial(run, n=1)",
            Convention::NamePair,
            "f_torch",
            "f_triton",
        ),
    ];
    for (python, triton, convention, reference, candidate) in cases {
        let file = pair(python, triton, "def get_test_inputs(): return 1,");
        assert_eq!(names(&file), Some((*convention, *reference, *candidate)), "{python} | {triton}");
    }
}

#[test]
fn several_pairs_are_none_unless_one_is_tested() {
    assert_eq!(
        names(&pair("import torch\nf = torch.exp", "def f(x): pass", "")),
        None,
        "what is imported never counts"
    );
    let two = ("def a_torch(x): pass\ndef b_torch(x): pass", "def a_triton(x): pass\ndef b_triton(x): pass");
    assert_eq!(names(&pair(two.0, two.1, "")), None);
    let tested = pair(
        two.0,
        two.1,
        "def test_performance(a, b, c): pass\nif __name__ == '__main__': test_performance(b_torch, b_triton, (1,))",
    );
    assert_eq!(names(&tested), Some((Convention::NamePair, "b_torch", "b_triton")));
    assert_eq!(tested.inputs(), Some(Inputs::MainBlock));
}

#[test]
fn a_closing_marker_in_a_string_closes_nothing() {
    for marker in ["# </TEST>", "# </TRITON>", "# </PYTHON>", "# <TEST>", "# </TRITION>"] {
        let text = format!(
            "# <PYTHON>\ndef f(x):\n    \"\"\"\n{marker}\n    \"\"\"\n    return x\n# </PYTHON>\n\
             # <TRITON>\nimport torch\n# </TRITON>\n# <TEST>\nimport torch\n# </TEST>\n"
        );
        let file = PairFile::parse(&*text);
        let found: Vec<_> =
            file.diagnostics().iter().filter(|one| one.rule.code().starts_with("FW10")).collect();
        assert!(found.is_empty(), "{marker}: {found:?}");
    }
}

#[test]
fn a_string_left_open_does_not_lose_the_blocks() {
    let text =
        parse("closed_main_block").text().replace("    return F.gelu", "    \"\"\"\n    return F.gelu");
    let file = PairFile::parse(text);
    assert_eq!(file.blocks().len(), 3);
    assert_eq!(file.style(), Some(Style::Closed));
    let codes: Vec<_> =
        file.diagnostics().iter().map(|one| (one.rule.code(), file.line_of(one.range.start()))).collect();
    assert_eq!(codes, [("FW109", 14)]);
}

#[test]
fn a_text_of_markers_alone_is_no_pair() {
    let markers = |count| PairFile::parse("# <TRITON>\n".repeat(count));
    assert!(markers(1000).is_pair());
    assert!(!markers(1001).is_pair());
}

#[test]
fn what_grows_with_every_line_is_not_followed_for_ever() {
    for (first, line) in [
        ("y = [x]", "y = y + y"),
        ("y = [x]", "y = [*y, *y]"),
        ("y = [x]", "y += f(*y, *y)"),
        ("y = {'a': x}", "y = {**y, **y}"),
        ("y = {'a': x}", "y = y | dict(**y)"),
        ("y = 'ab'", "y = y + y"),
        ("y = 'ab'", "y = f'{y}{y}'"),
        ("y = 'ab'", "y = y.replace('a', y)"),
        ("y = 'ab'", "y = '{}{}'.format(y, y)"),
        ("y = 'ab'", "y = y.join([y, y])"),
        ("y = 'ab'", "y = '%s' % y + y"),
        ("y = ['ab']", "y = ''.join(y).split('a') + y"),
        ("y = torch", "y = getattr(y, 'a.b.c.d.e')"),
    ] {
        let lines = format!("    {line}\n").repeat(300);
        let code = format!("import torch\ndef f_torch(x):\n    {first}\n{lines}    return x\n");
        let triton =
            format!("import triton\n@triton.jit\ndef k(): pass\n{}", code.replace("_torch", "_triton"));
        let test = "def get_test_inputs():\n    return torch.randn(4),\n";
        let file =
            PairFile::parse(format!("# <PYTHON>\n{code}# <TRITON>\n{triton}# <TEST>\nimport torch\n{test}"));
        assert!(file.entry_points().is_some(), "{line}");
    }
    PairFile::parse(format!("# <PYTHON>\nimport torch\nx = torch{}\n# <TRITON>\n", ".b".repeat(50_000)));
}

#[test]
fn a_function_that_returns_no_inputs_is_not_renamed() {
    let text = include_str!("../fuzz/seeds/renamed_without_return");
    let fix = |text: &str| {
        let file = PairFile::parse(text);
        let found = file.diagnostics().iter().find(|found| found.rule == Rule::NoTestInputs);
        found.expect("inputs are missing").fix.clone()
    };
    assert_eq!(fix(text), None);
    assert!(fix(&text.replace("reutrn", "return")).is_some());
}

#[test]
fn deep_code_is_read() {
    for deep in [
        "-".repeat(20_000) + "1",
        "1".to_owned() + &"+1".repeat(20_000),
        "(".repeat(5_000),
        "a".to_owned() + &".b".repeat(20_000),
    ] {
        let file = PairFile::parse(format!("# <PYTHON>\nx = {deep}\n# <TRITON>\n# <TEST>\n"));
        assert_eq!(file.blocks().len(), 3);
    }
}

#[test]
fn a_marker_that_closes_nothing_is_not_silenced_beside_itself() {
    let file = PairFile::parse(include_str!("../fuzz/seeds/marker_that_closes_nothing"));
    let found: Vec<_> =
        file.diagnostics().iter().filter(|found| found.rule == Rule::UnmatchedMarker).collect();
    assert!(!found.is_empty());
    assert!(found.iter().all(|found| file.silencing(found).is_none()));
}
