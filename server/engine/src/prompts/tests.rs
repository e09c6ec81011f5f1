//! What a model is asked, word for word.

use fusewright_pair::PairFile;

use super::*;
use crate::dataset::Example;
use crate::verdict::{Implementation, PairError, Stage, VerdictLine};

fn task() -> Task {
    Task {
        description: Some("Scale and shift".to_owned()),
        reference: "scale_torch".to_owned(),
        candidate: "scale_triton".to_owned(),
        python: "import torch\n\ndef scale_torch(x):\n    return 2 * x + 1\n".to_owned(),
        test: Some("def get_test_inputs():\n    return (torch.randn(8, device='cuda'),)\n".to_owned()),
        target: "sm_90".to_owned(),
        triton: Some("3.9.0".to_owned()),
        subject: "scale".to_owned(),
        ..Task::default()
    }
}

fn failure() -> Failure {
    let error = PairError {
        implementation: Implementation::Triton,
        stage: Stage::Compile,
        kind: "CompilationError".to_owned(),
        message: "arange's arguments must be constexpr".to_owned(),
        line: Some(3),
        traceback: String::new(),
    };
    let text = "one\ntwo\n    o = tl.arange(0, n)\nfour\nfive\nsix\n";
    Failure::of(&VerdictLine::failed("scale.py", error), "@triton.jit\ndef k(): pass\n", text)
}

fn shown(prompt: &Prompt) -> String {
    let turns = prompt.turns.iter().map(|turn| format!("--- {}\n{}", turn.role.word(), turn.text));
    turns.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_first_request() {
    let example = Example {
        description: "Double.".to_owned(),
        python_code: "def double_torch(x):\n    return x + x\n".to_owned(),
        triton_code: "def double_triton(x): ...\n".to_owned(),
        test_code: String::new(),
    };
    let task =
        Task { examples: vec![example], instructions: Some("Use 1024 elements a program.".into()), ..task() };
    insta::assert_snapshot!(shown(&Prompts::load(None).unwrap().generate(&task, &[]).unwrap()));
}

#[test]
fn the_standing_instructions() {
    let prompt = Prompts::load(None).unwrap().generate(&task(), &[]).unwrap();
    let (rules, facts) = prompt.system.split_once("What is easily wrong").unwrap_or((&prompt.system, ""));
    insta::assert_snapshot!(rules);
    assert!(facts.is_empty() || facts.starts_with(" in Triton 3.9.0:\n- "), "{facts}");
}

#[test]
fn a_hint_is_labelled_as_what_it_is() {
    let hint = "import triton\n\ndef scale_triton(x): ...\n".to_owned();
    let prompts = Prompts::load(None).unwrap();
    let task = Task { hint: Some(hint.clone()), ..task() };
    insta::assert_snapshot!(prompts.generate(&task, &[]).unwrap().turns[0].text);

    let commission = Commission { about: "scale, shift".to_owned(), ..Commission::default() };
    let tried = [("# one\n".to_owned(), failure()), ("# two\n".to_owned(), failure())];
    let retry = prompts.candidate(&commission, &tried, Some(&hint)).unwrap();
    let hinted = retry.turns.iter().map(|turn| turn.text.contains(&hint)).collect::<Vec<_>>();
    assert_eq!(hinted, [false, false, false, false, true], "the last one alone is about this reference");
}

#[test]
fn a_users_template_may_leave_the_hint_out() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        Prompts::load(Some(folder.path())).unwrap().hand_hints_on()
    };
    assert!(Prompts::load(None).unwrap().hand_hints_on());
    assert!(wanted("generate.md.j2", "Please: {{ reference }}"), "a retry hands it on");
    assert!(!wanted("fix.md.j2", "Again."));
    assert!(wanted("fix.md.j2", "Again: {{ hint }}"));
    assert!(!wanted("hint.md.j2", ""));
}

#[test]
fn a_retry() {
    let failure = Failure { analysis: Some("ROOT CAUSE: n is a runtime value.".into()), ..failure() };
    let prompt = Prompts::load(None).unwrap().generate(&task(), &[failure]).unwrap();
    assert_eq!(prompt.attempt, 2);
    assert_eq!(prompt.turns.len(), 3);
    insta::assert_snapshot!(prompt.turns[2].text);
}

#[test]
fn a_fix() {
    insta::assert_snapshot!(shown(&Prompts::load(None).unwrap().fix(&task(), &failure(), &[]).unwrap()));
}

#[test]
fn an_analysis_asks_for_no_code() {
    let prompt = Prompts::load(None).unwrap().analysis(&task(), &[failure()]).unwrap();
    let last = &prompt.turns[2].text;
    assert!(!last.contains("whole mended") && last.contains("ROOT CAUSE:"), "{last}");
    assert!(!prompt.system.contains("- Answer with") && prompt.system.contains("answer in words"));
}

#[test]
fn what_is_asked_for_agrees_with_the_pair() {
    let asked = |text: &str| {
        let task = Task::of(&PairFile::parse(text), "pair").unwrap();
        Prompts::load(None).unwrap().generate(&task, &[]).unwrap().turns[0].text.clone()
    };
    let module = asked(
        "# <PYTHON>\nfrom torch import nn\n\n\nclass Model(nn.Module):\n    def forward(self, x):\n        return x + 1\n",
    );
    assert!(module.contains("`ModelNew` and replaces `Model`. Both are modules:"), "{module}");
    let function = asked("# <PYTHON>\ndef scale_torch(x):\n    return x + 1\n");
    assert!(function.contains("`scale_triton` and replaces `scale_torch`.\n"), "{function}");
    let same = Task { candidate: "scale".to_owned(), reference: "scale".to_owned(), ..task() };
    let same = Prompts::load(None).unwrap().generate(&same, &[]).unwrap().turns[0].text.clone();
    assert!(same.contains("is called `scale`, as the reference is."), "{same}");
}

#[test]
fn an_example_ends_its_blocks_as_the_file_is_to_end_them() {
    let example = Example {
        description: "Double.".to_owned(),
        python_code: "x\n".to_owned(),
        triton_code: "y\n".to_owned(),
        test_code: "z\n".to_owned(),
    };
    for closed in [false, true] {
        let commission = Commission { closed, examples: vec![example.clone()], ..Commission::default() };
        let prompt = Prompts::load(None).unwrap().candidate(&commission, &[], None).unwrap();
        let (example, asked) = prompt.turns[0].text.split_once("Write a pair").unwrap();
        assert_eq!(example.matches("# </").count(), if closed { 3 } else { 0 }, "{example}");
        assert_eq!(asked.contains("there are no closing markers"), !closed);
    }
}

#[test]
fn a_users_template_replaces_the_shipped_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("generate.md.j2"), "Please: {{ reference }}").unwrap();
    let prompts = Prompts::load(Some(folder.path())).unwrap();
    assert_eq!(prompts.generate(&task(), &[]).unwrap().turns[0].text, "Please: scale_torch");

    let fault = |text: &str| {
        std::fs::write(folder.path().join("generate.md.j2"), text).unwrap();
        let made = Prompts::load(Some(folder.path())).and_then(|prompts| prompts.generate(&task(), &[]));
        made.unwrap_err().to_string().replace(&folder.path().display().to_string(), "FOLDER")
    };
    let faults = [fault("{% if %}"), fault("one\n{{ referense }}"), fault("{{ reference.secret() }}")];
    insta::assert_snapshot!(faults.join("\n"), @r"
    the template FOLDER/generate.md.j2, line 1: unexpected end of block
    the template FOLDER/generate.md.j2, line 2: `referense` is undefined
    the template FOLDER/generate.md.j2, line 1: string has no method named secret
    ");
}

#[test]
fn the_shipped_templates_can_be_written_out() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Prompts::write_shipped(folder.path()).unwrap().len(), SHIPPED.len());
    assert_eq!(Prompts::write_shipped(folder.path()).unwrap().len(), 0, "what is there is kept");
    assert!(Prompts::load(Some(folder.path())).is_ok());
}
