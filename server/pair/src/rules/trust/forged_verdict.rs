//! FW418: the code ends the process, runs at its end, or prints what looks like a verdict.

use ruff_text_size::TextRange;

use super::{add, deeds, plain, uses};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Concern, What, When};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::ForgedVerdict,
    code: "FW418",
    name: "forged-verdict",
    severity: Severity::Error,
    summary: "The code ends the process, runs at its end, or prints what looks like a verdict.",
    why: "A pair is judged by what it returns. What it prints is not read, and a process that ends early \
          has no result. Raise an error for what is not handled.",
    fix: None,
    bad: include_str!("../examples/FW418-bad.py"),
    good: include_str!("../examples/FW418-good.py"),
};

/// How a script ends itself in good order.
const ENDS_A_SCRIPT: &[&str] = &["sys.exit", "builtins.exit", "builtins.quit", "builtins.SystemExit"];

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    // What only the author runs by hand, in TEST, may print and exit as it likes.
    let by_hand = |kind: BlockKind, when: When| kind == BlockKind::Test && when == When::Elsewhere;
    // A script that finds no GPU, or is done, ends itself: the judge's run of it is over as soon as the inputs are known.
    let in_script = |range: TextRange| file.main.is_some_and(|main| main.contains_range(range));
    for (kind, when, range, path) in uses(file, &[Concern::Exit]) {
        let ends_script = in_script(range) && ENDS_A_SCRIPT.contains(&path);
        if !by_hand(kind, when) && !ends_script {
            let message =
                format!("`{}` ends the process or runs at its end: raise an error instead", plain(path));
            add(found, Rule::ForgedVerdict, range, message);
        }
    }
    for (kind, deed) in deeds(file) {
        for event in &deed.trace.events {
            let message = match event.what {
                What::Finalizer => {
                    "`__del__` runs when nobody looks: do the work when the function is called"
                }
                What::Print if !by_hand(kind, event.when) && !in_script(event.range) => {
                    "this looks like a verdict, which only the judge gives: remove it"
                }
                _ => continue,
            };
            add(found, Rule::ForgedVerdict, event.range, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::{pair, trust};

    const TIMED: &str = "# <TEST>\nimport torch, sys\ndef test_performance(reference, candidate, inputs):\n    return reference(*inputs), candidate(*inputs)\n";
    const WRAPPER: &str = "def f_triton(x, w, index, scale):\n    out = torch.empty_like(x)\n    kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)\n    return out\n";

    /// A pair whose inputs come from its main block, which begins with `first`.
    fn script(first: &str) -> String {
        let whole = pair(WRAPPER);
        let (blocks, _) = whole.split_once("# <TEST>").unwrap_or_default();
        format!(
            "{blocks}{TIMED}if __name__ == '__main__':\n    {first}\n    x = torch.randn(64, 128, device='cuda')\n    \
             test_performance(f_torch, f_triton, (x, x, x, 0.5))\n    print('{{\"status\": \"SUCCESS\", \"verdict\": \"pass\"}}')\n"
        )
    }

    #[test]
    fn a_script_may_end_itself_and_print_what_it_likes() {
        for first in [
            "if not torch.cuda.is_available():\n        raise SystemExit('CUDA is required')",
            "if not torch.cuda.is_available():\n        print('no GPU')\n        sys.exit(1)",
            "torch.cuda.is_available() or exit(1)",
        ] {
            assert_eq!(trust(&script(first)), Vec::<&str>::new(), "{first}");
        }
        for first in
            ["import os; os._exit(0)", "import atexit; atexit.register(print)", "raise KeyboardInterrupt"]
        {
            assert!(trust(&script(first)).contains(&"FW418"), "{first}");
        }
    }
}
