//! The engine behind both front ends: it judges, archives and configures pairs.
//!
//! The engine knows neither the language server protocol nor the terminal. It takes requests, returns
//! results, and reports what happens meanwhile through [`progress::Progress`], so that the editor and the
//! command line show the same events.

pub mod archive;
pub mod argument;
pub mod authors;
pub mod compose;
pub mod config;
pub mod dataset;
pub mod demo;
pub mod description;
pub mod doctor;
pub mod files;
pub mod generate;
pub mod harness;
pub mod home;
pub mod model;
pub mod nearest;
pub mod places;
pub mod progress;
pub mod prompts;
pub mod python;
pub mod remembered;
pub mod setup;
pub mod source;
mod tokens;
pub mod verdict;
pub mod verify;
pub mod work;
pub mod workspace;
