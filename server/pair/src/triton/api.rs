//! Which names Triton's modules have, by version.

mod names;
mod replacement;

pub(crate) use replacement::replacement;

use names::{CHANGING, LANGUAGE, LIBDEVICE, MATH};

use super::modules::Member;
use super::version::Version;
use crate::diagnostic::Severity;

/// What the names of a module say of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Availability {
    /// It is there.
    Here,
    /// No version that is known has it.
    Nowhere,
    /// Versions before this one lack it.
    Since(Version),
    /// This version and those after it lack it.
    Until(Version),
    /// It is there and warns that it will go; the version that lacks it.
    Going(Version),
}

/// A module whose names are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApiModule {
    /// `triton.language`.
    Language,
    /// `triton.language.math`.
    Math,
    /// `triton.language.extra.libdevice` and `triton.language.extra.cuda.libdevice`.
    Libdevice,
}

/// The modules by their paths.
const MODULES: [(&str, ApiModule); 4] = [
    ("triton.language", ApiModule::Language),
    ("triton.language.math", ApiModule::Math),
    ("triton.language.extra.libdevice", ApiModule::Libdevice),
    ("triton.language.extra.cuda.libdevice", ApiModule::Libdevice),
];

impl ApiModule {
    /// The module of a path.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        MODULES.iter().find(|(known, _)| *known == path).map(|(_, module)| *module)
    }

    /// The module that a name is from.
    pub(crate) fn of(member: &Member<'_>) -> Option<Self> {
        MODULES.iter().find(|(known, _)| member.is_of(known)).map(|(_, module)| *module)
    }
}

/// Whether a module has a name, in one version or, where none is known, in all.
pub(crate) fn availability(module: ApiModule, name: &str, version: Option<Version>) -> Availability {
    // Names of Python's own, such as `__name__`, and private ones that changed with every release.
    if name.starts_with('_') && !name.starts_with("_experimental") {
        return Availability::Here;
    }
    let names = match module {
        ApiModule::Math => MATH,
        ApiModule::Libdevice => LIBDEVICE,
        ApiModule::Language => LANGUAGE,
    };
    let block_pointer = matches!((module, name), (ApiModule::Language, "make_block_ptr"));
    if !block_pointer && names.binary_search(&name).is_ok() {
        return Availability::Here;
    }
    let changing = CHANGING.iter().find(|(changing, ..)| module == ApiModule::Language && *changing == name);
    let Some(&(_, since, until)) = changing else {
        let newer = version.is_some_and(|version| version > Version::NEWEST);
        return if newer { Availability::Here } else { Availability::Nowhere };
    };
    let (since, until) = (Version::new(3, since), Version::new(3, until));
    match version {
        Some(version) if version < since => Availability::Since(since),
        Some(version) if version >= until => Availability::Until(until),
        Some(version) if block_pointer && version >= WARNS => Availability::Going(until),
        None if until <= Version::NEWEST => Availability::Going(until),
        // What only newer versions have was written for one of them.
        _ => Availability::Here,
    }
}

/// How bad it is to name something.
pub(crate) fn severity(availability: Availability) -> Option<Severity> {
    match availability {
        Availability::Here => None,
        Availability::Nowhere | Availability::Since(_) | Availability::Until(_) => Some(Severity::Error),
        Availability::Going(_) => Some(Severity::Info),
    }
}

/// From this version on, block pointers warn.
const WARNS: Version = Version::new(3, 7);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_or_not_by_version() {
        let of = |name, version| availability(ApiModule::Language, name, version);
        let version = |minor| Some(Version::new(3, minor));
        assert_eq!(of("load", None), Availability::Here);
        assert_eq!(of("tanh", None), Availability::Nowhere);
        assert_eq!(of("tanh", version(6)), Availability::Nowhere);
        assert_eq!(of("tanh", version(10)), Availability::Here, "nobody knows what comes");
        assert_eq!(of("make_tensor_descriptor", version(3)), Availability::Since(Version::new(3, 4)));
        assert_eq!(of("make_tensor_descriptor", version(4)), Availability::Here);
        assert_eq!(of("make_tensor_descriptor", None), Availability::Here);
        assert_eq!(of("make_block_ptr", version(6)), Availability::Here);
        assert_eq!(of("make_block_ptr", version(7)), Availability::Going(Version::new(3, 9)));
        assert_eq!(of("make_block_ptr", version(9)), Availability::Until(Version::new(3, 9)));
        assert_eq!(of("make_block_ptr", None), Availability::Going(Version::new(3, 9)));
        assert_eq!(availability(ApiModule::Math, "tanh", None), Availability::Nowhere);
        assert_eq!(availability(ApiModule::Libdevice, "tanh", None), Availability::Here);
    }
}
