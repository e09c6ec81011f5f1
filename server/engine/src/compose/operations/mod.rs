//! What a draft knows how to write, a family in a file.

mod elementwise;
mod images;
mod layouts;
mod lookups;
mod losses;
mod normalise;
mod pairs;
mod products;
mod rows;

use super::chain::{Chain, Halt, Operation};
use super::sizes::{Cost, Kind};

/// All operations.
pub(super) const ALL: [&[Operation]; 9] = [
    &elementwise::OPERATIONS,
    &pairs::OPERATIONS,
    &rows::OPERATIONS,
    &normalise::OPERATIONS,
    &products::OPERATIONS,
    &images::OPERATIONS,
    &layouts::OPERATIONS,
    &losses::OPERATIONS,
    &lookups::OPERATIONS,
];

type Apply = fn(&mut Chain) -> Result<(), Halt>;

/// An operation that may be done in 16 bits, on any tensor.
const fn any(names: &'static [&'static str], apply: Apply) -> Operation {
    Operation { names, kind: None, cost: Cost::Traffic, half: true, apply }
}

/// One whose intermediate results want float32.
const fn exact(names: &'static [&'static str], apply: Apply) -> Operation {
    Operation { names, kind: None, cost: Cost::Traffic, half: false, apply }
}

/// One that wants a certain kind of tensor.
const fn on(kind: Kind, operation: Operation) -> Operation {
    Operation { kind: Some(kind), ..operation }
}

/// One that costs more than its traffic.
const fn costs(cost: Cost, operation: Operation) -> Operation {
    Operation { cost, ..operation }
}
