//! Any bytes, read as a pair: parsed, checked by every rule, mended by every fix, converted.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../invariants.rs"]
mod invariants;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    invariants::check(&text);
});
