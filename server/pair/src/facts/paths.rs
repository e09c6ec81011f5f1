//! Dotted paths of what libraries offer, `torch.nn.functional.softmax`, each kept once.

use rustc_hash::FxHashMap;

use super::concern::{Concern, concern};

/// No library has a longer path; what is longer is not told apart any more.
pub(crate) const LONGEST: usize = 500;

/// A path that was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Path(u32);

#[derive(Debug)]
struct Node {
    text: String,
    concern: Option<Concern>,
}

/// All paths that were met.
#[derive(Debug, Default)]
pub(crate) struct Paths<'a> {
    nodes: Vec<Node>,
    roots: FxHashMap<&'a str, Path>,
    children: FxHashMap<(Path, &'a str), Path>,
    made: FxHashMap<String, Path>,
}

impl<'a> Paths<'a> {
    /// The path of an absolute dotted name.
    pub(crate) fn root(&mut self, name: &'a str) -> Path {
        if let Some(path) = self.roots.get(name) {
            return *path;
        }
        let path = self.made(name.to_owned());
        self.roots.insert(name, path);
        path
    }

    /// What an attribute of a path names.
    pub(crate) fn child(&mut self, parent: Path, name: &'a str) -> Path {
        if let Some(path) = self.children.get(&(parent, name)) {
            return *path;
        }
        if self.text(parent).len() > LONGEST {
            return parent;
        }
        let path = self.made(format!("{}.{name}", self.text(parent)));
        self.children.insert((parent, name), path);
        path
    }

    /// The path of a name that was put together.
    pub(crate) fn made(&mut self, text: String) -> Path {
        let text = canonical(text);
        if let Some(path) = self.made.get(&text) {
            return *path;
        }
        let path = Path(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.made.insert(text.clone(), path);
        self.nodes.push(Node { concern: concern(&text), text });
        path
    }

    /// The whole path.
    pub(crate) fn text(&self, path: Path) -> &str {
        self.nodes.get(path.0 as usize).map_or("", |node| node.text.as_str())
    }

    /// Whether it is a part of something whose use concerns.
    pub(crate) fn is_within_concern(&self, path: Path) -> bool {
        let mut text = self.text(path);
        while let Some((of, _)) = text.rsplit_once('.') {
            if concern(of).is_some_and(|concern| concern != Concern::Timing) {
                return true;
            }
            text = of;
        }
        false
    }

    /// What a reviewer would object to in the import of a module: to its own use, or that of what it is part of.
    pub(crate) fn concern_of_module(&self, path: Path) -> Option<Concern> {
        let mut text = self.text(path);
        loop {
            if let Some(concern) = concern(text) {
                return Some(concern);
            }
            text = text.rsplit_once('.')?.0;
        }
    }

    /// What a reviewer would object to in its use.
    pub(crate) fn concern(&self, path: Path) -> Option<Concern> {
        self.nodes.get(path.0 as usize)?.concern
    }
}

/// The path under which a thing is known, where a library offers it under several.
fn canonical(text: String) -> String {
    // `torch.cuda.torch` is torch again, and so is what any other module of it imports.
    for (again, module) in
        [(".torch.", "torch."), (".sys.", "sys."), (".os.", "os."), (".builtins.", "builtins.")]
    {
        let library = text.starts_with("torch.") || text.starts_with("triton.");
        if let Some(at) = text.rfind(again).filter(|_| library) {
            return format!("{module}{}", &text[at + again.len()..]);
        }
    }
    if let Some(rest) = text.strip_prefix("posix.") {
        return format!("os.{rest}");
    }
    text
}
