//! The pair file: a PyTorch function, the Triton kernel that does the same, and the inputs that prove it.
//!
//! Text goes in, values come out: this crate reads no file, knows no editor and runs no Python. Parsing never
//! fails; [`PairFile::parse`] returns what it found and [`PairFile::diagnostics`] says what is wrong with it.

mod analysis;
mod block;
mod builtins;
mod by_name;
mod convert;
mod diagnostic;
mod entry;
mod extract;
mod facts;
mod file;
mod flow;
mod hash;
mod inputs;
mod kernels;
mod layout;
mod lines;
mod marker;
mod outline;
mod pair_file;
mod part;
mod reader;
mod rules;
mod scaffold;
mod scope;
mod shift;
mod signature;
mod syntax;
mod test_inputs;
mod touched;
mod triton;

pub use block::{Block, BlockKind, Style};
pub use diagnostic::{Diagnostic, Edit, Fix, Severity};
pub use entry::{Convention, Definition, EntryPoints};
pub use extract::{Extracted, Obstacle, extract, selected_function};
pub use inputs::Inputs;
pub use pair_file::PairFile;
pub use reader::Reader;
pub use ruff_text_size::{TextRange, TextSize};
pub use rules::Rule;
pub use triton::Version;

// What the tests share with the fuzz target names the crate as others do.
#[cfg(test)]
extern crate self as fusewright_pair;

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod tests;
