//! A path as one types it behind a command: sentences that name a command are copied into a shell.

use std::borrow::Cow;
use std::path::Path;

/// The path with quotes where a shell would take it apart, as at a space.
#[must_use]
pub fn as_argument(path: &Path) -> String {
    let shown = path.display().to_string();
    // Only a NUL cannot be quoted, and no path holds one.
    shlex::try_quote(&shown).map_or_else(|_| shown.clone(), Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_would_take_apart_is_quoted() {
        assert_eq!(as_argument(Path::new("data/add.py")), "data/add.py");
        assert_eq!(as_argument(Path::new("my pairs/add.py")), "'my pairs/add.py'");
        assert_eq!(as_argument(Path::new("it's; rm.py")), "\"it's; rm.py\"");
    }
}
