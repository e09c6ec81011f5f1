//! Takes a pair file apart for the harness, or says which of its faults keeps it from being run.

use fusewright_pair::{
    BlockKind, Convention, Diagnostic, Inputs, PairFile, Rule, Severity as RuleSeverity, TextRange,
};

use crate::config::RuleSettings;
use crate::harness::{Code, Entry, Pair, Subject};
use crate::source::NO_MARKER;
use crate::verdict::{Finding, Implementation, PairError, Severity, Stage};

/// The pair as the harness wants it.
pub(super) fn take_apart(name: &str, file: &PairFile) -> Result<Pair, PairError> {
    if !file.is_pair() {
        return Err(no_pair(name));
    }
    if let Some(fault) = file.structure_error() {
        return Err(error_of(file, fault));
    }
    let (Some(hash), Some(entry), Some(inputs), Some(python), Some(triton), Some(test)) = (
        file.hash(),
        file.entry_points(),
        file.inputs(),
        code(file, BlockKind::Python),
        code(file, BlockKind::Triton),
        code(file, BlockKind::Test),
    ) else {
        return Err(what_is_missing(file));
    };
    let main = file.main_block().filter(|_| matches!(inputs, Inputs::MainBlock));
    Ok(Pair {
        file: name.to_owned(),
        hash: hash.to_owned(),
        python,
        triton,
        test,
        main: main.and_then(|range| code_at(file, range)),
        entry: Entry {
            convention: match entry.convention {
                Convention::Modules => "modules",
                Convention::NamePair | Convention::SharedName | Convention::OnlyFunction => "functions",
            },
            reference: entry.reference.name.clone(),
            candidate: entry.candidate.name.clone(),
        },
        inputs: match inputs {
            Inputs::GetTestInputs(_) => "get_test_inputs",
            Inputs::MainBlock => "main",
            Inputs::GetInputs(_) => "get_inputs",
        },
    })
}

/// What of the pair says what a TRITON block is to do. That block may be missing or broken.
pub(super) fn subject(name: &str, file: &PairFile) -> Result<Subject, PairError> {
    if !file.is_pair() {
        return Err(no_pair(name));
    }
    let faults = file.diagnostics().iter().filter(|fault| {
        fault.severity == RuleSeverity::Error
            && matches!(fault.rule, Rule::MissingBlock | Rule::EmptyBlock | Rule::SyntaxError)
    });
    let about_triton = |fault: &&Diagnostic| implementation_of(file, fault) == Implementation::Triton;
    if let Some(fault) = faults.into_iter().find(|fault| !about_triton(fault)) {
        return Err(error_of(file, fault));
    }
    let (Some(reference), Some(candidate), Some(python), Some(test)) =
        (file.reference(), file.candidate_name(), code(file, BlockKind::Python), code(file, BlockKind::Test))
    else {
        return Err(what_is_missing(file));
    };
    let modules = candidate == "ModelNew";
    let inputs = match file.inputs() {
        Some(Inputs::GetTestInputs(_)) => "get_test_inputs",
        Some(Inputs::MainBlock) => "main",
        Some(Inputs::GetInputs(_)) => "get_inputs",
        // Inputs of modules count as such only once there are both.
        None if modules && test.code.contains("def get_inputs(") => "get_inputs",
        None => return Err(what_is_missing(file)),
    };
    let main = file.main_block().filter(|_| inputs == "main");
    Ok(Subject {
        file: name.to_owned(),
        python,
        test,
        main: main.and_then(|range| code_at(file, range)),
        entry: Entry {
            convention: if modules { "modules" } else { "functions" },
            reference: reference.name.clone(),
            candidate,
        },
        inputs,
    })
}

/// What makes the pair prove something else than that its kernel is right and fast. Such a pair is not run.
pub(super) fn refusal(file: &PairFile) -> Option<PairError> {
    let fault = file.trust_error()?;
    Some(PairError {
        implementation: implementation_of(file, fault),
        stage: Stage::Trust,
        kind: fault.rule.code().to_owned(),
        message: fault.message.clone(),
        line: Some(file.line_of(fault.range.start())),
        traceback: String::new(),
    })
}

/// What the static rules say, as the verdict line lists it.
pub(super) fn findings(file: &PairFile, rules: &RuleSettings) -> Vec<Finding> {
    let reported = file.diagnostics().iter().filter(|diagnostic| !rules.ignores(diagnostic.rule.code()));
    reported
        .map(|diagnostic| Finding {
            code: diagnostic.rule.code().to_owned(),
            severity: match diagnostic.severity {
                RuleSeverity::Error => Severity::Error,
                RuleSeverity::Warning => Severity::Warning,
                RuleSeverity::Info => Severity::Info,
            },
            message: diagnostic.message.clone(),
            line: Some(file.line_of(diagnostic.range.start())),
        })
        .collect()
}

fn code(file: &PairFile, kind: BlockKind) -> Option<Code> {
    file.block(kind).and_then(|block| code_at(file, block.content))
}

fn code_at(file: &PairFile, range: TextRange) -> Option<Code> {
    let code = file.text().get(range.start().to_usize()..range.end().to_usize())?;
    Some(Code { code: code.to_owned(), first_line: file.line_of(range.start()) })
}

fn no_pair(name: &str) -> PairError {
    PairError {
        implementation: Implementation::Harness,
        stage: Stage::Parse,
        kind: "NotAPair".to_owned(),
        message: format!("{name} is not a pair file: {NO_MARKER}"),
        line: None,
        traceback: String::new(),
    }
}

/// The fault that left a pair without something to call or to call it with.
fn what_is_missing(file: &PairFile) -> PairError {
    let fault = file.diagnostics().iter().find(|diagnostic| {
        matches!(diagnostic.rule, Rule::NoEntryPoint | Rule::AmbiguousEntryPoint | Rule::NoTestInputs)
    });
    match fault {
        Some(fault) => error_of(file, fault),
        None => PairError {
            implementation: Implementation::Harness,
            stage: Stage::Parse,
            kind: "NotUnderstood".to_owned(),
            message: "the pair cannot be taken apart, and no rule says why: please report this".to_owned(),
            line: None,
            traceback: String::new(),
        },
    }
}

fn error_of(file: &PairFile, fault: &Diagnostic) -> PairError {
    PairError {
        implementation: implementation_of(file, fault),
        stage: Stage::Parse,
        kind: if fault.rule == Rule::SyntaxError {
            "SyntaxError".to_owned()
        } else {
            fault.rule.name().to_owned()
        },
        message: fault.message.clone(),
        line: Some(file.line_of(fault.range.start())),
        traceback: String::new(),
    }
}

/// Whose fault it is: the block's it stands in, else the block's that is missing.
fn implementation_of(file: &PairFile, fault: &Diagnostic) -> Implementation {
    let of = |kind| match kind {
        BlockKind::Python => Implementation::Pytorch,
        BlockKind::Triton => Implementation::Triton,
        BlockKind::Test => Implementation::Test,
    };
    let all = [BlockKind::Python, BlockKind::Triton, BlockKind::Test];
    let missing = || all.into_iter().find(|&kind| file.block(kind).is_none());
    if fault.rule == Rule::MissingBlock {
        return missing().map_or(Implementation::Test, of);
    }
    let start = fault.range.start();
    let around = file.blocks().iter().rfind(|block| block.opening.start() <= start);
    around.map(|block| block.kind).or_else(missing).map_or(Implementation::Test, of)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: &str = "# <PYTHON>\nimport torch\ndef f_torch(x):\n    return x + 1\n# <TRITON>\nimport torch, triton\n@triton.jit\ndef k(x):\n    triton.language.store(x, 1)\ndef f_triton(x):\n    y = x.clone()\n    k[(1,)](y)\n    return y\n# <TEST>\nimport torch\ndef get_test_inputs():\n    return (torch.rand(3, device='cuda'),)\n";

    #[test]
    fn a_sound_pair_is_taken_apart() {
        let pair = take_apart("pair.py", &PairFile::parse(PAIR)).unwrap();
        assert_eq!(pair.python.first_line, 2);
        assert_eq!(pair.triton.first_line, 6);
        assert!(pair.test.code.starts_with("import torch\ndef get_test_inputs"));
        assert_eq!((pair.entry.reference.as_str(), pair.entry.candidate.as_str()), ("f_torch", "f_triton"));
        assert_eq!((pair.inputs, pair.entry.convention, pair.main), ("get_test_inputs", "functions", None));
        assert_eq!(pair.hash.len(), 64);
    }

    #[test]
    fn a_kernel_can_be_asked_for_where_there_is_none() {
        let of = |text: &str| subject("pair.py", &PairFile::parse(text)).unwrap();
        let whole = of(PAIR);
        let (python, rest) = PAIR.split_once("# <TRITON>\n").unwrap();
        let (_, test) = rest.split_once("# <TEST>\n").unwrap();
        let with = |triton: &str| of(&format!("{python}{triton}# <TEST>\n{test}"));
        assert_eq!((whole.python.first_line, whole.test.first_line), (2, 15));
        for triton in ["", "# <TRITON>\n", "# <TRITON>\ndef f_triton(x:\n"] {
            let found = with(triton);
            assert_eq!(
                (&found.entry, &found.python, found.inputs),
                (&whole.entry, &whole.python, whole.inputs)
            );
            assert_eq!(found.test.code, whole.test.code);
        }
        let modules = of(
            "# <PYTHON>\nimport torch\nclass Model(torch.nn.Module):\n    def forward(self, x):\n        return x + 1\n# <TEST>\nimport torch\ndef get_inputs():\n    return [torch.rand(3)]\n",
        );
        assert_eq!((modules.entry.convention, modules.inputs), ("modules", "get_inputs"));
        assert_eq!(modules.entry.candidate, "ModelNew");
    }

    #[test]
    fn a_kernel_cannot_be_asked_for_without_a_reference_and_inputs() {
        let blame = |text: &str| {
            let error = subject("pair.py", &PairFile::parse(text)).unwrap_err();
            (error.implementation, error.kind, error.line)
        };
        let (whose, kind, line) = blame(&PAIR.replace("return x + 1\n# <TRITON>", "return x +\n# <TRITON>"));
        assert_eq!((whose, kind.as_str(), line), (Implementation::Pytorch, "SyntaxError", Some(4)));
        let (whose, kind, _) = blame(PAIR.split("# <TEST>").next().unwrap());
        assert_eq!((whose, kind.as_str()), (Implementation::Test, "missing-block"));
        let (whose, kind, _) = blame(&PAIR.replace("get_test_inputs", "inputs"));
        assert_eq!((whose, kind.as_str()), (Implementation::Test, "no-test-inputs"));
        let (whose, kind, _) = blame("print('hello')\n");
        assert_eq!((whose, kind.as_str()), (Implementation::Harness, "NotAPair"));
    }

    #[test]
    fn a_fault_is_blamed_on_its_block() {
        let blame = |text: &str| {
            let error = take_apart("pair.py", &PairFile::parse(text)).unwrap_err();
            (error.implementation, error.kind, error.line)
        };
        let syntax = |line| ("SyntaxError".to_owned(), Some(line));
        let (whose, kind, line) = blame(&PAIR.replace("return x + 1\n# <TRITON>", "return x +\n# <TRITON>"));
        assert_eq!((whose, (kind, line)), (Implementation::Pytorch, syntax(4)));
        let (whose, kind, line) = blame(&PAIR.replace("def k(x):", "def k(x:"));
        assert_eq!((whose, (kind, line)), (Implementation::Triton, syntax(8)));
        let (whose, kind, _) = blame(PAIR.split("# <TEST>").next().unwrap());
        assert_eq!((whose, kind.as_str()), (Implementation::Test, "missing-block"));
        let (whose, kind, _) = blame(&PAIR.replace("get_test_inputs", "inputs"));
        assert_eq!((whose, kind.as_str()), (Implementation::Test, "no-test-inputs"));
        let (whose, kind, _) = blame("print('hello')\n");
        assert_eq!((whose, kind.as_str()), (Implementation::Harness, "NotAPair"));
    }
}
