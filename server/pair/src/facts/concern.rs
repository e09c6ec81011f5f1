//! What a reviewer would object to in the use of a library's name, whatever is done with it.

mod names;

use names::{MODULES, NAMES};

/// Why a name has no place in a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concern {
    /// It looks into or changes the running interpreter: objects, frames, code.
    Internals,
    /// It lets work happen where a clock or a check does not see it.
    OutOfSight,
    /// It is how benchmarks time: fine in TEST, which serves for measuring by hand.
    Timing,
    /// It reaches files, the network, other programs or the environment.
    Outside,
    /// It makes code or objects of data.
    FromData,
    /// It replaces parts of libraries.
    Patch,
    /// It changes how torch works for everybody in the process.
    Switch,
    /// It draws the random generator's seed.
    Seed,
    /// It ends the process or runs at its end.
    Exit,
    /// It changes what torch's operators mean.
    Disguise,
    /// It reads the program that the pair is part of.
    Program,
    /// It waits.
    Sleep,
    /// It reads the clock.
    Clock,
    /// It draws numbers of its own.
    Draw,
    /// It computes, and is no kernel of the pair.
    Compute,
    /// It keeps results of earlier calls.
    Cache,
}

/// Names of `os` that do nothing but compute with names and numbers.
const HARMLESS_OS: &[&str] = &["cpu_count", "fspath", "linesep", "name", "path", "sep", "PathLike"];

/// What a reviewer would object to in the use of a path.
pub(super) fn concern(path: &str) -> Option<Concern> {
    if let Some(concern) = of(NAMES, path) {
        return Some(concern);
    }
    let (root, rest) = path.split_once('.')?;
    if let Some(name) = path.strip_prefix("torch._C.") {
        // `torch._C._set_cublas_allow_tf32`.
        let sets = name.starts_with("_set_") || name.starts_with("set_");
        return sets.then_some(Concern::Switch);
    }
    if root == "os" {
        let looks =
            ["path.exists", "path.isfile", "path.isdir", "path.getsize", "path.getmtime", "path.realpath"];
        if looks.contains(&rest) {
            return Some(Concern::Outside);
        }
        let first = rest.split('.').next().unwrap_or(rest);
        return (first == rest && !HARMLESS_OS.contains(&rest)).then_some(Concern::Outside);
    }
    // The module alone is its import; what it offers is its use.
    if rest.contains('.') {
        return None;
    }
    module_concern(root)
}

/// What a reviewer would object to in the import of a module.
pub(super) fn module_concern(root: &str) -> Option<Concern> {
    of(MODULES, root)
}

fn of(sorted: &[(&str, Concern)], wanted: &str) -> Option<Concern> {
    let at = sorted.binary_search_by(|(name, _)| (*name).cmp(wanted)).ok()?;
    sorted.get(at).map(|(_, concern)| *concern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_concerns_once() {
        assert_eq!(concern("gc.get_objects"), Some(Concern::Internals));
        assert_eq!(concern("gc.get_objects.__self__"), None);
        assert_eq!(concern("os.environ"), Some(Concern::Outside));
        assert_eq!(concern("os.environ.get"), None);
        assert_eq!(concern("os.path.join"), None);
        assert_eq!(concern("torch.cuda.device"), None);
    }
}
