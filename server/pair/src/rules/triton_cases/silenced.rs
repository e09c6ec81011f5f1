//! Comments that silence a finding.

use super::with_body;
use crate::{PairFile, Rule};

#[test]
fn what_silences_a_finding() {
    let bare = with_body("z = tl.load(x_ptr + offsets)");
    let with = |comment: &str| {
        bare.replace("tl.load(x_ptr + offsets)", &format!("tl.load(x_ptr + offsets){comment}"))
    };
    let found = |text: &str| -> Vec<&'static str> {
        let file = PairFile::parse(text);
        let silenceable = file.diagnostics().iter().filter(|one| one.rule.may_be_ignored());
        silenceable.map(|one| one.rule.code()).collect()
    };
    for comment in [
        "  # fusewright: ignore[FW303]",
        "  #fusewright:ignore [ FW303 ]",
        "  # the size divides  # fusewright: ignore[FW303]",
        "  # fusewright: ignore[FW303]  the size divides",
    ] {
        assert_eq!(found(&with(comment)), [""; 0], "{comment}");
    }
    assert_eq!(found(&with("  # fusewright: ignore[FW303, FW304]")), ["FW209"]);
    assert_eq!(found(&with("  # fusewright: ignore[FW999]")), ["FW303", "FW209"]);
    assert_eq!(found(&with("  # fusewright: ignore[FW401]")), ["FW303", "FW209"]);
    assert_eq!(found(&with("  # fusewright: ignore")), ["FW303", "FW209"]);
    assert_eq!(found(&with("  # fusewright: ignore[]")), ["FW303", "FW209"]);
    assert_eq!(found(&with("  # fusewright: hello")), ["FW303"]);
    assert_eq!(found(&with("; s = '# fusewright: ignore[FW303]'")), ["FW303"]);
    let text = with("  # fusewright: ignore[FW303, FW304]");
    let file = PairFile::parse(&*text);
    let fault = file.diagnostics().iter().find(|one| one.rule.may_be_ignored()).unwrap();
    let fix = fault.fix.as_ref().unwrap();
    assert_eq!(fix.apply(&text).unwrap(), with("  # fusewright: ignore[FW303]"));
    for (unused, left) in [
        ("  # fusewright: ignore[FW301] because", "  # because"),
        ("  # fusewright: ignore[FW301]  # why", "  # why"),
        ("  # why  # fusewright: ignore[FW301]", "  # why"),
        ("  # fusewright: ignore[y # fusewright: ignore[FW317] because", "  # because"),
    ] {
        let text = with(unused);
        let file = PairFile::parse(&*text);
        let found = file.diagnostics().iter().find(|one| one.rule == Rule::UnusedIgnore).unwrap();
        assert_eq!(found.fix.as_ref().unwrap().apply(&text).unwrap(), with(left), "{unused}");
    }
    let alone = bare.replace("    mask =", "    # fusewright: ignore[FW301]\n    mask =");
    let file = PairFile::parse(&*alone);
    let unused = file.diagnostics().iter().find(|one| one.rule == Rule::UnusedIgnore).unwrap();
    assert_eq!(unused.fix.as_ref().unwrap().apply(&alone).unwrap(), bare);
}

#[test]
fn a_finding_is_silenced_on_its_line() {
    let silenced = |body: &str, rule| {
        let text = with_body(body);
        let file = PairFile::parse(&*text);
        let found = file.diagnostics().iter().find(|one| one.rule == rule).unwrap();
        let mended = file.silencing(found)?.apply(&text).unwrap();
        let left = PairFile::parse(&*mended);
        assert!(left.diagnostics().iter().all(|one| !one.rule.may_be_ignored()), "{mended}");
        Some(mended.lines().find(|line| line.contains("fusewright:")).unwrap().trim().to_owned())
    };
    assert_eq!(
        silenced("z = tl.load(x_ptr + offsets)", Rule::UnmaskedAccess).as_deref(),
        Some("z = tl.load(x_ptr + offsets)  # fusewright: ignore[FW303]")
    );
    assert_eq!(
        silenced("z = tl.load(\n    x_ptr + offsets\n)", Rule::UnmaskedAccess).as_deref(),
        Some("z = tl.load(  # fusewright: ignore[FW303]")
    );
    assert_eq!(
        silenced(
            "z = tl.load(x_ptr + offsets) + tl.arange(0, 12)  # fusewright: ignore[FW301]",
            Rule::UnmaskedAccess
        )
        .as_deref(),
        Some("z = tl.load(x_ptr + offsets) + tl.arange(0, 12)  # fusewright: ignore[FW301, FW303]")
    );
    assert_eq!(silenced("z = tl.load(x_ptr + offsets) + \\\n    0", Rule::UnmaskedAccess), None);
}
