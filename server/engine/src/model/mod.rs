//! The language model that writes kernels: where it is, and whether it answers.

mod endpoint;

pub use endpoint::{Endpoint, EndpointError};
