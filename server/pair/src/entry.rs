//! The two functions that a pair compares.

use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::outline::{Callable, Outline, What, definition};

/// A function, a class or an alias at the top level of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// The whole definition, decorators included.
    pub range: TextRange,
    /// The name where it is defined.
    pub name_range: TextRange,
    /// The names of its parameters; of a module, those of `forward` without `self`.
    pub params: Vec<String>,
}

/// How the two functions were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Convention {
    /// By a pair of names: `NAME_torch` and `NAME_triton`.
    NamePair,
    /// By one name that both blocks define.
    SharedName,
    /// As the only function of a block, or the last.
    OnlyFunction,
    /// As modules: `class Model` and `class ModelNew`.
    Modules,
}

/// The two functions that a pair compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPoints {
    /// How they were found.
    pub convention: Convention,
    /// The function of PYTHON.
    pub reference: Definition,
    /// The function of TRITON.
    pub candidate: Definition,
}

/// What is known of a block beside its outline: which of its callables others of its callables use.
pub(crate) struct Side<'o, 'a> {
    pub(crate) outline: &'o Outline<'a>,
    /// The names that some other callable of the block uses.
    pub(crate) helpers: &'o FxHashSet<&'a str>,
}

/// The two functions as they stand in the syntax tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) convention: Convention,
    pub(crate) reference: Callable<'a>,
    pub(crate) candidate: Callable<'a>,
}

impl Found<'_> {
    pub(crate) fn to_entry_points(self, python: &Outline<'_>, triton: &Outline<'_>) -> EntryPoints {
        EntryPoints {
            convention: self.convention,
            reference: definition(python, &self.reference),
            candidate: definition(triton, &self.candidate),
        }
    }
}

/// Why there are no entry points.
#[derive(Debug, Clone)]
pub(crate) enum NotFound {
    /// One block has nothing that can be called, or both.
    Missing {
        /// PYTHON has nothing.
        reference: bool,
        /// TRITON has nothing.
        candidate: bool,
    },
    /// Several pairs are as likely; their names, the reference's and the candidate's.
    Ambiguous(Vec<(String, String)>, TextRange),
}

/// What else the file says about its entry points.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Hints<'a> {
    /// The functions handed to `test_performance`.
    pub(crate) tested: Option<(&'a str, &'a str)>,
    /// TEST has `get_test_inputs`.
    pub(crate) function_inputs: bool,
    /// TEST has `get_inputs`.
    pub(crate) module_inputs: bool,
    /// The inputs come from the call of `test_performance`, which therefore decides.
    pub(crate) main_decides: bool,
}

/// Finds the two functions.
pub(crate) fn find<'a>(
    python: &Side<'_, 'a>,
    triton: &Side<'_, 'a>,
    hints: Hints<'a>,
) -> Result<Found<'a>, NotFound> {
    let references = python.functions();
    let candidates = triton.functions();
    let tested = hints.tested.and_then(|(reference, candidate)| {
        let reference = *references.iter().find(|callable| callable.name == reference)?;
        let candidate = *candidates.iter().find(|callable| callable.name == candidate)?;
        Some((reference, candidate))
    });
    let found = |convention, (reference, candidate)| Ok(Found { convention, reference, candidate });

    let modules = modules(python, triton);
    if let Some(pair) = modules
        && (hints.module_inputs || !hints.function_inputs && !hints.main_decides)
    {
        return found(Convention::Modules, pair);
    }
    if let Some((reference, candidate)) = tested.filter(|_| hints.main_decides) {
        let convention = if reference.name == candidate.name {
            Convention::SharedName
        } else if base_of_reference(reference.name).is_some()
            && base_of_reference(reference.name) == base_of_candidate(candidate.name)
        {
            Convention::NamePair
        } else {
            Convention::OnlyFunction
        };
        return found(convention, (reference, candidate));
    }
    let (convention, pairs) = match name_pairs(&references, &candidates) {
        none if none.is_empty() => {
            (Convention::SharedName, shared_names(&references, &candidates, python, triton))
        }
        pairs => (Convention::NamePair, pairs),
    };
    if !pairs.is_empty() {
        return match narrow(pairs, tested, python, triton) {
            Ok(pair) => found(convention, pair),
            Err(pairs) => {
                let range =
                    pairs.first().map_or_else(TextRange::default, |(_, candidate)| candidate.name_range);
                let names =
                    pairs.iter().map(|(one, other)| (one.name.to_owned(), other.name.to_owned())).collect();
                Err(NotFound::Ambiguous(names, range))
            }
        };
    }
    if let Some(pair) = modules {
        return found(Convention::Modules, pair);
    }
    if let Some(pair) = tested {
        return found(Convention::OnlyFunction, pair);
    }
    match (python.main_function(&references), triton.main_function(&candidates)) {
        (Some(reference), Some(candidate)) => found(Convention::OnlyFunction, (reference, candidate)),
        (reference, candidate) => {
            Err(NotFound::Missing { reference: reference.is_none(), candidate: candidate.is_none() })
        }
    }
}

type Pair<'a> = (Callable<'a>, Callable<'a>);

impl<'a> Side<'_, 'a> {
    /// Everything in the block that could be an entry point, classes left out.
    fn functions(&self) -> Vec<Callable<'a>> {
        self.outline
            .callables
            .iter()
            .filter(|callable| {
                !callable.triton && !matches!(callable.what, What::Class(_)) && !is_role_name(callable.name)
            })
            .copied()
            .collect()
    }

    /// The only public function of the block, else the last. A function that serves another is not what is compared.
    fn main_function(&self, functions: &[Callable<'a>]) -> Option<Callable<'a>> {
        let public = |callable: &&Callable<'a>| !callable.name.starts_with('_');
        let own = |callable: &&Callable<'a>| !self.helpers.contains(callable.name);
        functions
            .iter()
            .rfind(|callable| public(callable) && own(callable))
            .or_else(|| functions.iter().rfind(public))
            .or_else(|| functions.iter().rfind(own))
            .or_else(|| functions.last())
            .copied()
    }

    fn is_helper(&self, callable: &Callable<'a>) -> bool {
        self.helpers.contains(callable.name)
    }
}

/// Names that have a role of their own.
fn is_role_name(name: &str) -> bool {
    matches!(name, "main" | "get_test_inputs" | "get_inputs" | "get_init_inputs" | "test_performance")
}

/// `class Model` beside `class ModelNew`.
fn modules<'a>(python: &Side<'_, 'a>, triton: &Side<'_, 'a>) -> Option<Pair<'a>> {
    let class = |side: &Side<'_, 'a>, name| {
        side.outline.callable(name).copied().filter(|callable| matches!(callable.what, What::Class(_)))
    };
    Some((class(python, "Model")?, class(triton, "ModelNew")?))
}

fn base_of_reference(name: &str) -> Option<&str> {
    let base = name.strip_suffix("_pytorch").or_else(|| name.strip_suffix("_torch"));
    base.or_else(|| name.strip_prefix("pytorch_").or_else(|| name.strip_prefix("torch_")))
}

fn base_of_candidate(name: &str) -> Option<&str> {
    let base = name.strip_suffix("_triton_wrapper").or_else(|| name.strip_suffix("_triton"));
    base.or_else(|| name.strip_prefix("triton_"))
}

fn name_pairs<'a>(references: &[Callable<'a>], candidates: &[Callable<'a>]) -> Vec<Pair<'a>> {
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    for reference in references {
        let Some(base) = base_of_reference(reference.name) else { continue };
        // The wrapper is what is called, whatever else bears the name.
        let best = candidates
            .iter()
            .filter(|candidate| base_of_candidate(candidate.name) == Some(base))
            .max_by_key(|candidate| candidate.name.ends_with("_wrapper"));
        if let Some(candidate) = best {
            pairs.push((*reference, *candidate));
        }
    }
    pairs
}

fn shared_names<'a>(
    references: &[Callable<'a>],
    candidates: &[Callable<'a>],
    python: &Side<'_, 'a>,
    triton: &Side<'_, 'a>,
) -> Vec<Pair<'a>> {
    let by_name: FxHashMap<&str, &Callable<'a>> =
        candidates.iter().map(|candidate| (candidate.name, candidate)).collect();
    references
        .iter()
        .filter_map(|reference| {
            let candidate = *by_name.get(reference.name)?;
            let helper = python.is_helper(reference) && triton.is_helper(candidate);
            (!helper).then_some((*reference, *candidate))
        })
        .collect()
}

/// Leaves one pair of several, by what the file says of them; gives the rest back if it cannot.
fn narrow<'a>(
    pairs: Vec<Pair<'a>>,
    tested: Option<Pair<'a>>,
    python: &Side<'_, 'a>,
    triton: &Side<'_, 'a>,
) -> Result<Pair<'a>, Vec<Pair<'a>>> {
    let tested = tested.map(|(reference, candidate)| (reference.name, candidate.name));
    let filters: [&dyn Fn(&Pair<'a>) -> bool; 4] = [
        &|(reference, candidate)| tested == Some((reference.name, candidate.name)),
        &|(reference, candidate)| !python.is_helper(reference) && !triton.is_helper(candidate),
        &|(reference, _)| !reference.name.starts_with('_'),
        &|(reference, candidate)| !reference.decorated && !candidate.decorated,
    ];
    let mut rest = pairs;
    for filter in filters {
        let kept: Vec<Pair<'a>> = rest.iter().filter(|pair| filter(pair)).copied().collect();
        if !kept.is_empty() {
            rest = kept;
        }
    }
    match rest[..] {
        [pair] => Ok(pair),
        _ => Err(rest),
    }
}
