//! Applies the fixes that keep the meaning of the code.

use fusewright_engine::config::RuleSettings;
use fusewright_pair::{PairFile, Version};

/// More fixes than any file needs; fixes that undo each other end here.
const MOST: usize = 200;

/// The pair with every safe fix applied, and how many there were. Each is applied to the text that the one
/// before left, for one fix may mend what another was for.
pub(super) fn apply_safe(
    pair: &PairFile,
    rules: &RuleSettings,
    triton: Option<Version>,
) -> (PairFile, usize) {
    let mut pair = pair.clone();
    let mut count = 0;
    while count < MOST {
        let mended = super::reported(&pair, rules)
            .into_iter()
            .filter_map(|diagnostic| diagnostic.fix.as_ref().filter(|fix| fix.safe))
            .find_map(|fix| fix.apply(pair.text()).filter(|text| text != pair.text()));
        let Some(text) = mended else { break };
        pair = PairFile::parse_for(text, triton);
        count += 1;
    }
    (pair, count)
}
