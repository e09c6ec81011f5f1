//! What the fixes write.

use super::with_body;
use crate::{Fix, PairFile, Rule};

/// The fix for a range that is written wrongly.
fn fix(body: &str) -> Option<Fix> {
    let file = PairFile::parse(with_body(body));
    file.diagnostics().iter().find(|one| one.rule == Rule::ArangeBounds).unwrap().fix.clone()
}

#[test]
fn a_name_is_annotated_only_where_that_is_enough() {
    assert!(fix("y = tl.arange(0, n)").is_some());
    assert_eq!(fix("row = tl.program_id(0)\ny = tl.arange(0, n + row)"), None);
    assert_eq!(fix("size = n * 2\ny = tl.arange(0, size)"), None);
    assert_eq!(fix("size = 48\ny = tl.arange(0, size)"), None);
}

#[test]
fn a_range_begins_at_0_only_where_that_is_enough() {
    assert!(fix("y = tl.arange(64)").is_some());
    assert!(fix("y = tl.arange(BLOCK)").is_some());
    for end in ["0", "-8", "48", "2097152", "64.0", "n"] {
        assert_eq!(fix(&format!("y = tl.arange({end})")), None, "{end}");
    }
}

/// Applied fixes parse and silence their finding, whatever the fault.
#[test]
fn every_fix_mends_what_it_is_for() {
    let mut fixes = 0;
    for fault in [
        "y = tl.arange(8)",
        "SIZE = 128\ny = tl.arange(0, SIZE)",
        "y = tl.arange(0, 48)",
        "y = tl.arange(0, n)",
        "y = tl.arange(0, n * 2)",
        "y = tl.zeros((48,), dtype=tl.float32)",
        "y = x + G",
        "y = plain(x)",
        "y = x ** 2",
        "y = tl.math.tanh(x)",
        "y = tl.libdevice.tanh(x)",
        "y = tl.tanh(x)",
        "y = x.to(tl.half)",
        "acc = tl.zeros((BLOCK,), dtype=tl.float16)\nacc += x",
        "z = tl.load(x_ptr + offsets, mask=mask)\nx += tl.max(z)",
        "z = tl.load(x_ptr + offsets, mask=mask)  # fusewright: ignore[FW304]",
    ] {
        let text = with_body(fault);
        let file = PairFile::parse(&*text);
        let diagnostic =
            file.diagnostics().iter().find(|one| one.fix.is_some()).unwrap_or_else(|| panic!("{fault}"));
        let mended = diagnostic.fix.as_ref().unwrap().apply(&text).unwrap();
        let left = PairFile::parse(&*mended);
        assert!(
            left.diagnostics().iter().all(|one| one.rule != diagnostic.rule && one.rule != Rule::SyntaxError),
            "{fault}\n{mended}\n{:#?}",
            left.diagnostics()
        );
        fixes += 1;
    }
    assert!(fixes >= 15);
}
