//! The `fusewright` binary: a command line and a language server over one engine.

fn main() {}
