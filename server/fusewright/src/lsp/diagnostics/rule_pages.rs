//! The rules' pages on disk, where the installation has them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tower_lsp::ls_types::Uri;

/// Where the pages may lie, relative to the binary's folder: beside it, as a package ships them, under a
/// prefix, or in the checkout that it was built in.
const PLACES: [&str; 3] = ["docs/rules", "../share/fusewright/rules", "../../docs/rules"];

/// The address of a rule's page.
pub(super) fn address(code: &str) -> Option<Uri> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let binary = std::env::current_exe().ok()?;
        find(binary.parent()?)
    });
    Uri::from_file_path(folder.as_ref()?.join(format!("{code}.md")))
}

fn find(beside: &Path) -> Option<PathBuf> {
    PLACES.iter().map(|place| beside.join(place)).find(|folder| folder.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_are_found_beside_the_binary_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(find(folder.path()), None);
        let rules = folder.path().join("docs/rules");
        std::fs::create_dir_all(&rules).unwrap();
        assert_eq!(find(folder.path()), Some(rules));
    }
}
